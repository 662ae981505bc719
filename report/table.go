package report

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/pkg/twwidth"
	"github.com/olekukonko/tablewriter/tw"

	"migrate/compare"
)

// TableOptions say how to fit the report to a terminal.
type TableOptions struct {
	Width int  // columns; 0 means 80, less than 40 counts as 40
	Color bool // colours verdicts, readiness and levels; nothing is said by colour alone
	All   bool // one row for each artifact, however many there are
}

const (
	defaultWidth = 80
	minWidth     = 40
	// stackedWidth is where the two outcomes no longer fit into columns of
	// their own and go below the artifact's name.
	stackedWidth = 72
	// collapseOver is how many artifacts are listed one by one without All:
	// about as many as one cares to read through.
	collapseOver = 40
	fewPlaces    = 3
)

// Table writes the report for a terminal: the answer, readiness by series,
// what to do, artifacts, findings, and what could not be looked at. No line is
// wider than opt.Width. Up to 40 artifacts are listed one by one; with more,
// those of a series that are alike share a row, unless opt.All is set.
func Table(w io.Writer, d *Document, opt TableOptions) error {
	switch {
	case opt.Width == 0:
		opt.Width = defaultWidth
	case opt.Width < minWidth:
		opt.Width = minWidth
	}
	p := &printer{w: bufio.NewWriter(w), opt: opt}
	p.report(d)
	if p.err != nil {
		return fmt.Errorf("writing the report as a table: %w", p.err)
	}
	return p.w.Flush()
}

// printer writes wrapped text and tables. The first error stays.
type printer struct {
	w   *bufio.Writer
	opt TableOptions
	err error
}

func (p *printer) report(d *Document) {
	p.wrapped("", "Can Sigstore take the place of PGP?")
	p.wrapped("", Escape(d.answer()))
	if c := d.caveat(); c != "" {
		p.wrapped("", Escape(c))
	}
	p.line("")
	p.readiness(d)
	p.steps(d)
	p.clients(d)
	p.artifacts(d)
	p.findings(d)
	p.leftovers(d)
	p.legend(d)
}

func (p *printer) readiness(d *Document) {
	if len(d.Series) == 0 {
		return
	}
	g := grid{head: []string{"SERIES", "READINESS", "VERDICTS"}, right: -1}
	alive := d.alive()
	if alive {
		g.head = append(g.head, "RELEASE CYCLE")
	}
	for _, s := range newestFirst(d.Series) {
		counts := tally(s.Verdicts)
		cells := []cell{
			{full: Escape(s.Series)},
			{full: s.Readiness.String(), paint: p.readinessPaint(s.Readiness)},
			{full: strings.Join(counts, ", "), stacked: strings.Join(counts, "\n")},
		}
		if alive {
			cells = append(cells, cell{full: Escape(s.life())})
		}
		g.add(cells...)
	}
	p.grid(g)
}

func (p *printer) steps(d *Document) {
	if len(d.Series) == 0 {
		return
	}
	p.heading("What to do")
	for _, s := range d.steps() {
		p.wrapped("", fmt.Sprintf("%s (%s)", Escape(strings.Join(s.series, ", ")), s.readiness))
		for _, r := range s.reasons {
			p.wrapped("  ", "- "+Escape(r.Message))
			if len(r.Artifacts) > 0 {
				p.wrapped("    ", some(r.Artifacts))
			}
		}
	}
}

func (p *printer) clients(d *Document) {
	lines := d.clientLines()
	if len(lines) == 0 {
		return
	}
	p.heading("Clients")
	p.wrapped("", clientsIntro)
	for _, l := range lines {
		p.wrapped("  ", fmt.Sprintf("- %s: %s", Escape(strings.Join(l.series, ", ")), Escape(l.versions)))
		for _, note := range l.notes {
			p.wrapped("    ", Escape(note))
		}
	}
}

func (p *printer) artifacts(d *Document) {
	if len(d.Artifacts) == 0 {
		return
	}
	collapse := !p.opt.All && len(d.Artifacts) > collapseOver
	artifacts := d.bySeries()
	for _, s := range newestFirst(d.Series) {
		list := artifacts[s.Series]
		if len(list) == 0 {
			continue
		}
		rows := everyArtifact(list)
		if collapse {
			rows = alike(list)
		}
		p.heading(fmt.Sprintf("%s: %s", Escape(s.Series), s.Readiness))
		p.grid(p.rows(rows))
	}
	if collapse {
		p.line("")
		p.wrapped("", "Artifacts that are alike share a row; --all lists every one.")
	}
}

func (p *printer) rows(rows []row) grid {
	stacked := p.opt.Width < stackedWidth
	g := grid{head: []string{"VERDICT", "ARTIFACT", "PGP", "SIGSTORE"}, right: -1}
	if stacked {
		g.head = []string{"VERDICT", "ARTIFACT, PGP, SIGSTORE"}
	}
	for _, r := range rows {
		verdict := cell{full: r.verdict().String(), paint: p.verdictPaint(r.verdict())}
		if stacked {
			g.add(verdict, cell{full: fmt.Sprintf("%s\nPGP %s\nSigstore %s",
				Escape(r.label), Escape(r.pgp.String()), Escape(r.sigstore.String()))})
			continue
		}
		g.add(verdict, cell{full: Escape(r.label)}, outcomeCell(r.pgp), outcomeCell(r.sigstore))
	}
	return g
}

// outcomeCell puts the signer on a line of its own where a line is too short.
func outcomeCell(o outcome) cell {
	c := cell{full: Escape(o.String())}
	if o.who != "" {
		c.stacked = Escape(o.what()) + "\n" + Escape(o.who)
	}
	return c
}

func (p *printer) findings(d *Document) {
	topics := d.topics()
	if len(topics) == 0 {
		return
	}
	p.heading("Findings")
	g := grid{head: []string{"LEVEL", "COUNT", "FINDING"}, right: 1}
	for _, t := range topics {
		lines := []string{Escape(string(t.code))}
		lines = append(lines, Escape(t.messages[0].text))
		if n := len(t.messages) - 1; n > 0 {
			lines = append(lines, fmt.Sprintf("and %s like it", count(n, "other sentence")))
		}
		var places []string
		for _, m := range t.messages {
			places = append(places, m.places...)
		}
		lines = append(lines, "in "+some(places))
		g.add(
			cell{full: t.level.String(), paint: p.levelPaint(t.level)},
			cell{full: fmt.Sprint(t.count)},
			cell{full: strings.Join(lines, "\n")},
		)
	}
	p.grid(g)
}

func (p *printer) leftovers(d *Document) {
	if len(d.Troubles) > 0 {
		p.heading("Could not be looked at")
		for _, t := range d.Troubles {
			p.wrapped("  ", "- "+joined(t.Path, t.Message))
		}
	}
	if len(d.Unrecognised) > 0 {
		p.heading("Not recognised, and not verified")
		n := len(d.Unrecognised)
		if !p.opt.All {
			n = min(n, collapseOver)
		}
		for _, u := range d.Unrecognised[:n] {
			p.wrapped("  ", "- "+joined(u.Path, u.Reason))
		}
		if rest := len(d.Unrecognised) - n; rest > 0 {
			p.wrapped("  ", fmt.Sprintf("and %d more; --all lists every one", rest))
		}
	}
}

func (p *printer) legend(d *Document) {
	p.line("")
	for _, v := range verdicts {
		if d.Summary.Verdicts[v] > 0 {
			p.wrapped("", fmt.Sprintf("%s: %s.", v, meanings[v]))
		}
	}
	p.wrapped("", fmt.Sprintf("%s from %s, %s, %s, by %s. Explain a finding: migrate explain CODE. "+
		"Exit status: 0; 1 with findings at --fail-on or above; 2 if anything could not be checked.",
		count(len(d.Artifacts), "artifact"), some(d.Sources), d.Created.minute(), d.network(), Escape(d.Generator.String())))
}

// some names a few of many places.
func some(places []string) string {
	n := len(places)
	var list []string
	for _, s := range places[:min(n, fewPlaces)] {
		list = append(list, Escape(s))
	}
	if n > fewPlaces {
		list = append(list, fmt.Sprintf("%d more", n-fewPlaces))
	}
	return enumerate(list)
}

func joined(place, message string) string {
	if place == "" {
		return Escape(message)
	}
	return Escape(place) + ": " + Escape(message)
}

func (p *printer) heading(s string) {
	p.line("")
	p.wrapped("", s)
}

// wrapped writes s, indented. The further lines of a list's item begin below
// its text.
func (p *printer) wrapped(indent, s string) {
	hang := indent
	if item, ok := strings.CutPrefix(s, "- "); ok {
		s, indent, hang = item, indent+"- ", indent+"  "
	}
	for i, l := range wrap(s, p.opt.Width-len(hang)) {
		if i == 0 {
			p.line(indent + l)
		} else {
			p.line(hang + l)
		}
	}
}

func (p *printer) line(s string) {
	// bufio keeps the first error for Flush.
	p.w.WriteString(strings.TrimRight(s, " "))
	p.w.WriteByte('\n')
}

// grid is a table before it is fitted.
type grid struct {
	head  []string
	rows  [][]cell
	right int // the column of numbers; -1 if there is none
}

// cell is escaped text; the lines of a cell are separated by \n.
type cell struct {
	full    string
	stacked string // the same for a narrow column; "" if there is no other way
	paint   string // escape sequence that sets the colour; "" for none
}

func (g *grid) add(cells ...cell) { g.rows = append(g.rows, cells) }

const gap = 2 // blanks between columns

// fit returns the width of each column within total, and the text of each cell
// before it is wrapped.
func (g *grid) fit(total int) ([]int, [][]string) {
	budget := total - gap*(len(g.head)-1)
	widths, texts := g.measure(func(c cell) string { return c.full })
	if sum(widths) > budget {
		widths, texts = g.measure(func(c cell) string {
			if c.stacked != "" {
				return c.stacked
			}
			return c.full
		})
	}
	// Take from the widest columns, down to a common width, until it fits.
	for limit := budget; sum(widths) > budget; limit-- {
		over := sum(widths) - budget
		for i := len(widths) - 1; i >= 0 && over > 0; i-- {
			if cut := min(widths[i]-limit, over); cut > 0 {
				widths[i] -= cut
				over -= cut
			}
		}
	}
	return widths, texts
}

// measure returns the width that each column would like to have.
func (g *grid) measure(text func(cell) string) ([]int, [][]string) {
	widths := make([]int, len(g.head))
	for i, h := range g.head {
		widths[i] = width(h)
	}
	texts := make([][]string, len(g.rows))
	for i, r := range g.rows {
		texts[i] = make([]string, len(r))
		for j, c := range r {
			texts[i][j] = text(c)
			for l := range strings.SplitSeq(texts[i][j], "\n") {
				widths[j] = max(widths[j], width(l))
			}
		}
	}
	return widths, texts
}

func (p *printer) grid(g grid) {
	widths, texts := g.fit(p.opt.Width)
	var b bytes.Buffer
	t := tablewriter.NewTable(&b, g.options()...)
	t.Header(wrapAll(g.head, widths, nil))
	for i, cells := range texts {
		if err := t.Append(wrapAll(cells, widths, g.rows[i])); err != nil && p.err == nil {
			p.err = err
		}
	}
	if err := t.Render(); err != nil && p.err == nil {
		p.err = err
	}
	for l := range strings.Lines(b.String()) {
		p.line(strings.TrimSuffix(l, "\n"))
	}
}

// options make a table of plain columns with a line below the head. Cells come
// wrapped and escaped, so everything that would change them is off, and widths
// do not depend on the locale: a report has to be the same everywhere.
func (g *grid) options() []tablewriter.Option {
	align := make([]tw.Align, len(g.head))
	padding := make([]tw.Padding, len(g.head))
	for i := range g.head {
		align[i] = tw.AlignLeft
		padding[i] = tw.Padding{Right: strings.Repeat(" ", gap), Overwrite: true}
	}
	if g.right >= 0 {
		align[g.right] = tw.AlignRight
	}
	padding[len(padding)-1].Right = ""
	cells := tw.CellConfig{
		Formatting: tw.CellFormatting{AutoWrap: tw.WrapNone, AutoFormat: tw.Off},
		Alignment:  tw.CellAlignment{Global: tw.AlignLeft, PerColumn: align},
		Padding:    tw.CellPadding{PerColumn: padding},
	}
	return []tablewriter.Option{
		tablewriter.WithConfig(tablewriter.Config{Header: cells, Row: cells}),
		tablewriter.WithTrimSpace(tw.Off),
		tablewriter.WithTrimLine(tw.Off),
		tablewriter.WithEastAsian(tw.Off),
		tablewriter.WithRendition(tw.Rendition{
			Borders: tw.BorderNone,
			Symbols: tw.NewSymbols(tw.StyleASCII),
			Settings: tw.Settings{
				Lines:      tw.Lines{ShowTop: tw.Off, ShowBottom: tw.Off, ShowHeaderLine: tw.On, ShowFooterLine: tw.Off},
				Separators: tw.Separators{ShowHeader: tw.Off, ShowFooter: tw.Off, BetweenRows: tw.Off, BetweenColumns: tw.Off},
			},
		}),
	}
}

func wrapAll(texts []string, widths []int, cells []cell) []string {
	out := make([]string, len(texts))
	for i, s := range texts {
		var lines []string
		for l := range strings.SplitSeq(s, "\n") {
			lines = append(lines, wrap(l, widths[i])...)
		}
		if cells != nil && cells[i].paint != "" {
			for j := range lines {
				lines[j] = cells[i].paint + lines[j] + "\x1b[0m"
			}
		}
		out[i] = strings.Join(lines, "\n")
	}
	return out
}

func sum(list []int) (n int) {
	for _, v := range list {
		n += v
	}
	return n
}

// width returns how many columns s takes on a terminal.
func width(s string) int {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return twwidth.WidthWithOptions(s, twwidth.Options{})
		}
	}
	return len(s)
}

// wrap breaks s into lines no wider than limit, at blanks where it can, else
// after a separator of names, else anywhere.
func wrap(s string, limit int) []string {
	if width(s) <= limit {
		return []string{s}
	}
	var lines []string
	line := ""
	for i, word := range strings.Split(s, " ") {
		switch {
		case i == 0:
			line = word
		case width(line)+1+width(word) <= limit:
			line += " " + word
		default:
			lines = append(lines, line)
			line = word
		}
		for width(line) > limit {
			n := breakPoint(line, limit)
			lines = append(lines, line[:n])
			line = line[n:]
		}
	}
	return append(lines, line)
}

// breakPoint returns how many bytes of s to keep on a line of limit columns.
func breakPoint(s string, limit int) int {
	end, nice := 0, 0
	for i, r := range s {
		next := i + len(string(r))
		if i > 0 && width(s[:next]) > limit {
			break
		}
		end = next
		if strings.ContainsRune("-_./@:,+=", r) {
			nice = next
		}
	}
	if nice > limit/3 {
		return nice
	}
	return end
}

// Colours that can be told apart on dark and on light ground.
const (
	green  = "\x1b[32m"
	yellow = "\x1b[33m"
	red    = "\x1b[31m"
)

func (p *printer) paint(color string) string {
	if !p.opt.Color {
		return ""
	}
	return color
}

func (p *printer) verdictPaint(v compare.Verdict) string {
	switch v {
	case compare.Equivalent, compare.SigstoreOnly:
		return p.paint(green)
	case compare.Conflict, compare.Failed:
		return p.paint(red)
	}
	return p.paint(yellow)
}

func (p *printer) readinessPaint(r compare.Readiness) string {
	switch r {
	case compare.Ready:
		return p.paint(green)
	case compare.NotReady:
		return p.paint(red)
	}
	return p.paint(yellow)
}

func (p *printer) levelPaint(l compare.Level) string {
	switch l {
	case compare.Error:
		return p.paint(red)
	case compare.Warning:
		return p.paint(yellow)
	}
	return ""
}
