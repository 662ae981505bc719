package report

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"migrate/compare"
)

// DiffJSON writes d, indented; see DiffSchema.
func DiffJSON(w io.Writer, d *Diff) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(d); err != nil {
		return fmt.Errorf("writing the difference as JSON: %w", err)
	}
	_, err := w.Write(escapeJSON(b.Bytes()))
	return err
}

// change is one thing that changed, for all places where it changed alike.
// Nothing in it is escaped yet.
type change struct {
	level  compare.Level
	what   string
	places []string
}

// answer says in a sentence or two whether and how the reports differ.
func (d *Diff) answer() string {
	if d.Summary.Same {
		return "Nothing changed."
	}
	var parts []string
	for _, p := range []struct {
		n   int
		did string
	}{{d.Summary.Appeared, "appeared"}, {d.Summary.Gone, was(d.Summary.Gone) + " there before and " + is(d.Summary.Gone) + " gone"}, {d.Summary.Changed, "changed"}} {
		if p.n > 0 {
			parts = append(parts, count(p.n, "artifact")+" "+p.did)
		}
	}
	if n := len(d.Series); n > 0 {
		parts = append(parts, "the readiness of "+count(n, "series")+" changed")
	}
	if n := len(d.Trust); n > 0 {
		parts = append(parts, "what the reports stood on differs")
	}
	if n := len(d.Troubles) + len(d.Unrecognised); n > 0 {
		parts = append(parts, "what could not be looked at or recognised differs")
	}
	text := upperFirst(enumerate(parts)) + "."
	if d.Summary.Regressed {
		return text + " Some of it is for the worse."
	}
	return text + " None of it is for the worse."
}

func is(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

func upperFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// sides says which reports were compared.
func (d *Diff) sides() []string {
	side := func(label string, s Side) string {
		return fmt.Sprintf("%s: %s from %s, %s, by %s", label, count(s.Artifacts, "artifact"),
			enumerate(s.Sources), s.Created.minute(), s.Generator)
	}
	return []string{side("Old", d.Old), side("New", d.New)}
}

// changes returns everything that changed but readiness, what is worst first.
// Artifacts that changed alike share a change.
func (d *Diff) changes() []change {
	var all []change
	index := make(map[string]int)
	add := func(level compare.Level, place, what string) {
		key := fmt.Sprintf("%d %s", level, what)
		i, ok := index[key]
		if !ok {
			i = len(all)
			index[key] = i
			all = append(all, change{level: level, what: what})
		}
		if place != "" {
			all[i].places = append(all[i].places, place)
		}
	}
	for _, a := range d.Artifacts {
		switch a.Fate {
		case Appeared:
			add(compare.Note, a.Place, "appeared, "+a.Verdict.String())
		case Gone:
			add(compare.Warning, a.Place, "gone, was "+a.Verdict.String())
		}
		for _, c := range a.Changes {
			add(c.Level, a.Place, c.String())
		}
		for _, f := range a.Findings {
			add(f.Level, a.Place, f.String())
		}
	}
	for _, c := range d.Trust {
		add(c.Level, "", c.String())
	}
	for _, p := range d.Troubles {
		add(p.Level, p.Path, p.Fate.of("trouble")+": "+p.Message)
	}
	for _, p := range d.Unrecognised {
		add(p.Level, p.Path, p.Fate.of("file that is not recognised")+": "+p.Message)
	}
	slices.SortStableFunc(all, func(a, b change) int { return int(b.level) - int(a.level) })
	return all
}

// String returns, for example, "verdict was equivalent and is failed".
func (c Change) String() string {
	return fmt.Sprintf("%s was %s and is %s", c.What, orNone(c.Old), orNone(c.New))
}

// String returns, for example, "new finding pgp/missing".
func (f FindingDiff) String() string {
	if f.Fate == Gone {
		return "resolved finding " + string(f.Code)
	}
	return "new finding " + string(f.Code)
}

func (f Fate) of(what string) string {
	if f == Gone {
		return "gone: " + what
	}
	return "new " + what
}

// String returns, for example, "was ready, is not-ready".
func (s SeriesDiff) String() string {
	switch {
	case s.Old == nil:
		return "is " + s.New.String() + ", was not in the report"
	case s.New == nil:
		return "was " + s.Old.String() + ", is not in the report any more"
	}
	return "was " + s.Old.String() + ", is " + s.New.String()
}

// DiffTable writes the difference for a terminal. No line is wider than
// opt.Width; of many artifacts that changed alike a few are named, unless
// opt.All is set.
func DiffTable(w io.Writer, d *Diff, opt TableOptions) error {
	switch {
	case opt.Width == 0:
		opt.Width = defaultWidth
	case opt.Width < minWidth:
		opt.Width = minWidth
	}
	p := &printer{w: bufio.NewWriter(w), opt: opt}
	p.wrapped("", "What changed?")
	p.wrapped("", Escape(d.answer()))
	if len(d.Series) > 0 {
		p.heading("Readiness")
		g := grid{head: []string{"LEVEL", "SERIES", "READINESS"}, right: -1}
		for _, s := range d.Series {
			g.add(p.level(s.Level), cell{full: Escape(s.Series)}, cell{full: s.String()})
		}
		p.grid(g)
	}
	if changes := d.changes(); len(changes) > 0 {
		p.heading("Changes")
		g := grid{head: []string{"LEVEL", "COUNT", "CHANGE"}, right: 1}
		for _, c := range changes {
			text, n := Escape(c.what), ""
			if len(c.places) > 0 {
				n = fmt.Sprint(len(c.places))
				text += "\nin " + p.some(c.places)
			}
			g.add(p.level(c.level), cell{full: n}, cell{full: text})
		}
		p.grid(g)
	}
	p.line("")
	for _, s := range d.sides() {
		p.wrapped("", Escape(s))
	}
	if p.err != nil {
		return fmt.Errorf("writing the difference as a table: %w", p.err)
	}
	return p.w.Flush()
}

func (p *printer) level(l compare.Level) cell {
	return cell{full: l.String(), paint: p.levelPaint(l)}
}

func (p *printer) some(places []string) string {
	if !p.opt.All {
		return some(places)
	}
	var list []string
	for _, s := range places {
		list = append(list, Escape(s))
	}
	return enumerate(list)
}

// DiffMarkdown writes the difference for GitHub. Nothing from outside can make
// markup, links or mentions.
func DiffMarkdown(w io.Writer, d *Diff) error {
	m := &markdown{bufio.NewWriter(w)}
	m.printf("# What changed?\n\n**%s**\n", prose(d.answer()))
	if len(d.Series) > 0 {
		m.printf("\n## Readiness\n\n| Level | Series | Readiness |\n| --- | --- | --- |\n")
		for _, s := range d.Series {
			m.printf("| %s | %s | %s |\n", s.Level, cellProse(s.Series), s)
		}
	}
	changes := d.changes()
	if len(changes) > 0 {
		m.printf("\n## Changes\n\n| Level | Change | Artifacts |\n| --- | --- | --- |\n")
	}
	for _, c := range changes {
		m.printf("| %s | %s | %s |\n", c.level, cellProse(c.what), inCell(codes(c.places, fewQuoted)))
	}
	for _, c := range changes {
		if len(c.places) <= fewQuoted {
			continue
		}
		m.printf("\n<details>\n<summary>%s: all %d</summary>\n\n%s\n\n", c.level, len(c.places), prose(c.what))
		for _, s := range c.places {
			m.printf("- %s\n", code(s))
		}
		m.printf("\n</details>\n")
	}
	m.printf("\n## What was compared\n\n")
	for _, s := range d.sides() {
		m.printf("- %s\n", prose(s))
	}
	if err := m.w.Flush(); err != nil {
		return fmt.Errorf("writing the difference as Markdown: %w", err)
	}
	return nil
}
