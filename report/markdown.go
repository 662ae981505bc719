package report

import (
	"bufio"
	"fmt"
	"io"
	"regexp"
	"strings"

	"migrate/compare"
)

const (
	// foldOver is how many rows a table of artifacts has before it is folded.
	foldOver = 15
	// At most so many sentences, and places for each, are quoted of one code;
	// the tables name every artifact.
	fewMessages = 8
	fewQuoted   = 5
)

// Markdown writes the report for GitHub: the answer, readiness by series, what
// to do, a table of artifacts for each series (long ones folded), findings
// explained, and what the report stood on. Nothing from outside can make
// markup, links or mentions.
func Markdown(w io.Writer, d *Document) error {
	m := &markdown{bufio.NewWriter(w)}
	m.opening(d)
	m.steps(d)
	m.clients(d)
	m.artifacts(d)
	m.findings(d)
	m.leftovers(d)
	m.trust(d)
	if err := m.w.Flush(); err != nil {
		return fmt.Errorf("writing the report as Markdown: %w", err)
	}
	return nil
}

type markdown struct{ w *bufio.Writer }

// printf leaves errors to Flush: bufio keeps the first one.
func (m *markdown) printf(format string, args ...any) { fmt.Fprintf(m.w, format, args...) }

func (m *markdown) opening(d *Document) {
	m.printf("# Can Sigstore take the place of PGP?\n\n**%s**", prose(d.answer()))
	m.printf(" %s checked %s of %s from %s, each by its PGP signature and by its Sigstore bundle, on %s, %s.",
		prose(d.Generator.String()), count(len(d.Artifacts), "artifact"), count(len(d.Series), "series"),
		codes(d.Sources, len(d.Sources)), d.Created.minute(), d.network())
	if c := d.caveat(); c != "" {
		m.printf(" %s", prose(c))
	}
	m.printf("\n")
	if len(d.Series) == 0 {
		return
	}

	var occurring []compare.Verdict
	for _, v := range verdicts {
		if d.Summary.Verdicts[v] > 0 {
			occurring = append(occurring, v)
		}
	}
	m.printf("\n| Series | Readiness | Artifacts |")
	for _, v := range occurring {
		m.printf(" %s |", v)
	}
	alive := d.alive()
	if alive {
		m.printf(" Release cycle |")
	}
	m.printf("\n| --- | --- | --: |%s", strings.Repeat(" --: |", len(occurring)))
	if alive {
		m.printf(" --- |")
	}
	m.printf("\n")
	for _, s := range newestFirst(d.Series) {
		m.printf("| %s | %s | %d |", cellProse(s.Series), bold(s.Readiness), s.Artifacts)
		for _, v := range occurring {
			m.printf(" %d |", s.Verdicts[v])
		}
		if alive {
			m.printf(" %s |", cellProse(s.life()))
		}
		m.printf("\n")
	}
}

func bold(r compare.Readiness) string { return "**" + r.String() + "**" }

func (m *markdown) steps(d *Document) {
	if len(d.Series) == 0 {
		return
	}
	m.printf("\n## What to do\n\n")
	for _, s := range d.steps() {
		m.printf("- %s (%s)", prose(strings.Join(s.series, ", ")), s.readiness)
		for _, r := range s.reasons {
			if len(s.reasons) == 1 {
				m.printf(": ")
			} else {
				m.printf("\n  - ")
			}
			m.printf("%s", prose(sentence(r.Message)))
			if len(r.Artifacts) > 0 {
				m.printf(" In %s.", codes(r.Artifacts, fewQuoted))
			}
		}
		m.printf("\n")
	}
}

func (m *markdown) clients(d *Document) {
	lines := d.clientLines()
	if len(lines) == 0 {
		return
	}
	m.printf("\n## Clients\n\n%s\n\n", clientsIntro)
	for _, l := range lines {
		m.printf("- %s: %s\n", prose(strings.Join(l.series, ", ")), prose(l.versions))
		for _, note := range l.notes {
			m.printf("  - %s\n", prose(note))
		}
	}
}

func (m *markdown) artifacts(d *Document) {
	if len(d.Artifacts) == 0 {
		return
	}
	artifacts := d.bySeries()
	for _, s := range newestFirst(d.Series) {
		list := artifacts[s.Series]
		if len(list) == 0 {
			continue
		}
		m.printf("\n## %s: %s\n\n", prose(s.Series), s.Readiness)
		if len(list) <= foldOver {
			m.table(everyArtifact(list))
			continue
		}
		if rows := alike(list); len(rows) <= foldOver {
			m.table(rows)
			m.printf("\n")
		}
		m.printf("<details>\n<summary>All %d artifacts</summary>\n\n", len(list))
		m.table(everyArtifact(list))
		m.printf("\n</details>\n")
	}
	m.printf("\n## What the verdicts mean\n\n")
	for _, v := range verdicts {
		if d.Summary.Verdicts[v] > 0 {
			m.printf("- **%s**: %s.\n", v, meanings[v])
		}
	}
}

// table has the codes of findings only where each row is one artifact.
func (m *markdown) table(rows []row) {
	m.printf("| Artifact | Verdict | PGP | Sigstore | Findings |\n| --- | --- | --- | --- | --- |\n")
	for _, r := range rows {
		label := cellProse(r.label)
		var findings []string
		if len(r.artifacts) == 1 {
			label = cellCode(r.label)
			for _, f := range r.artifacts[0].Findings {
				findings = append(findings, cellProse(string(f.Code)))
			}
		}
		m.printf("| %s | %s | %s | %s | %s |\n", label, r.verdict(),
			cellOutcome(r.pgp), cellOutcome(r.sigstore), strings.Join(findings, ", "))
	}
}

func cellOutcome(o outcome) string {
	s := cellProse(o.what())
	if o.who != "" {
		s += ": " + cellProse(o.who)
	}
	return s
}

func (m *markdown) findings(d *Document) {
	topics := d.topics()
	if len(topics) == 0 {
		return
	}
	m.printf("\n## Findings\n")
	for _, t := range topics {
		m.printf("\n### %s: %s (%d)\n\n", t.level, code(string(t.code)), t.count)
		if e, ok := compare.Explain(t.code); ok {
			m.printf("%s\n\n**What to do:** %s\n\n", prose(joinSentences(e.Title, e.Meaning)), prose(e.Action))
		}
		for _, msg := range t.messages[:min(len(t.messages), fewMessages)] {
			m.printf("- %s In %s.\n", prose(sentence(msg.text)), codes(msg.places, fewQuoted))
		}
		if rest := len(t.messages) - fewMessages; rest > 0 {
			m.printf("- And %s like these; the tables above name every artifact.\n", count(rest, "more sentence"))
		}
	}
}

func (m *markdown) leftovers(d *Document) {
	list := func(title string, n int, item func(i int) (place, text string)) {
		if n == 0 {
			return
		}
		m.printf("\n## %s\n\n", title)
		if n > foldOver {
			m.printf("<details>\n<summary>All %d</summary>\n\n", n)
		}
		for i := range n {
			place, text := item(i)
			if place != "" {
				m.printf("- %s: %s\n", code(place), prose(text))
			} else {
				m.printf("- %s\n", prose(text))
			}
		}
		if n > foldOver {
			m.printf("\n</details>\n")
		}
	}
	list("Could not be looked at", len(d.Troubles), func(i int) (string, string) {
		return d.Troubles[i].Path, d.Troubles[i].Message
	})
	list("Not recognised, and not verified", len(d.Unrecognised), func(i int) (string, string) {
		return d.Unrecognised[i].Path, d.Unrecognised[i].Reason
	})
}

func (m *markdown) trust(d *Document) {
	m.printf("\n## What this report stood on\n\n")
	m.printf("- Program: %s, schema version %s, on %s, %s\n", prose(d.Generator.String()), prose(d.SchemaVersion), d.Created.minute(), d.network())
	m.printf("- Sources: %s\n", codes(d.Sources, len(d.Sources)))
	m.stoodOn("", OtherTrust{d.Trust.TrustRoot, d.Trust.Roster, d.Trust.ReleaseCycle})
	if c := d.Trust.ClientTable; c != (ClientTable{}) {
		m.printf("- Table of clients: %s, version %s, SHA-256 %s\n", code(c.Source), prose(c.Version), code(c.SHA256))
	}
	for _, o := range d.Trust.Others {
		m.stoodOn(" of another part", o)
	}
	if len(d.Trust.Keys) == 0 {
		m.printf("- OpenPGP keys: none\n")
		return
	}
	m.printf("\n<details>\n<summary>%s</summary>\n\n", count(len(d.Trust.Keys), "pinned OpenPGP key"))
	m.printf("| Key | Whose | Copies at hand: file, SHA-256 |\n| --- | --- | --- |\n")
	for _, k := range d.Trust.Keys {
		var copies []string
		for _, c := range k.Copies {
			copies = append(copies, cellCode(c.Source)+" "+cellCode(c.SHA256))
		}
		if len(copies) == 0 {
			copies = []string{"none: not at hand"}
		}
		m.printf("| %s | %s | %s |\n", cellCode(k.Fingerprint), cellProse(k.Name), strings.Join(copies, ", "))
	}
	m.printf("\n</details>\n")
}

func (m *markdown) stoodOn(of string, t OtherTrust) {
	if root := t.TrustRoot; root != (TrustRoot{}) {
		m.printf("- Sigstore trust root%s: %s", of, code(root.Source))
		if !root.Newest.IsZero() {
			m.printf(", newest key of %s", root.Newest.day())
		}
		if !root.Current.IsZero() {
			m.printf(", known to have been current on %s", root.Current.day())
		}
		m.printf(", SHA-256 %s\n", code(root.SHA256))
	}
	if r := t.Roster; r != (Roster{}) {
		m.printf("- Roster%s: %s", of, code(r.Source))
		if r.Version != "" {
			m.printf(", version %s", prose(r.Version))
		}
		m.printf(", SHA-256 %s\n", code(r.SHA256))
	}
	if c := t.ReleaseCycle; c != (ReleaseCycle{}) {
		m.printf("- Release cycle%s: %s", of, code(c.Source))
		if !c.Date.IsZero() {
			m.printf(", of %s", c.Date)
		}
		m.printf(", SHA-256 %s\n", code(c.SHA256))
	}
}

// codes names at most n of many things.
func codes(list []string, n int) string {
	var out []string
	for _, s := range list[:min(n, len(list))] {
		out = append(out, code(s))
	}
	if rest := len(list) - n; rest > 0 {
		out = append(out, fmt.Sprintf("%d more", rest))
	}
	return enumerate(out)
}

// sentence gives s the full stop that it may lack.
func sentence(s string) string {
	if s == "" || strings.ContainsAny(s[len(s)-1:], ".!?") {
		return s
	}
	return s + "."
}

func joinSentences(list ...string) string {
	var out []string
	for _, s := range list {
		if s != "" {
			out = append(out, sentence(s))
		}
	}
	return strings.Join(out, " ")
}

// code returns s as a code span, in which GitHub interprets nothing.
func code(s string) string { return codeSpan(Escape(s)) }

// codeSpan makes a code span of escaped text. Its fence is longer than any run
// of backticks within (CommonMark, "Code spans").
func codeSpan(s string) string {
	if s == "" {
		return `""`
	}
	longest, run := 0, 0
	for i := range len(s) {
		if s[i] == '`' {
			run++
			longest = max(longest, run)
		} else {
			run = 0
		}
	}
	fence := strings.Repeat("`", longest+1)
	// A blank at either end is taken away again, if there is one at both.
	if s[0] == '`' || s[len(s)-1] == '`' || s[0] == ' ' && s[len(s)-1] == ' ' {
		s = " " + s + " "
	}
	return fence + s + fence
}

// cellCode is code for a cell of a table.
func cellCode(s string) string { return inCell(code(s)) }

// cellProse is prose for a cell of a table.
func cellProse(s string) string { return inCell(prose(s)) }

// inCell escapes pipes, which end a cell even in a code span unless a
// backslash is before them (GFM, "Tables"). Escape has doubled all other
// backslashes, so that the one put here is never itself escaped.
func inCell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }

// harmless is a word in which GitHub sees nothing but text: letters and digits,
// joined by a few signs, in quotes or brackets, with punctuation after it.
// Everything else becomes code. This lists what is allowed, since a list of
// what is dangerous (mentions, references, links, emoji, formulas ...) would
// never be complete.
var harmless = regexp.MustCompile(`^["'(]*[\p{L}\p{N}]+(?:[-./',+][\p{L}\p{N}]+)*%?[)"'.,;:!?]*$`)

// suspect is what a harmless word may still be: the start of a link, or a
// reference to an issue or a commit.
var suspect = regexp.MustCompile(`(?i)^["'(]*(?:www\.|gh-[0-9]|[0-9a-f]{7,})`)

// listMarker starts a numbered list, at the start of a line.
var listMarker = regexp.MustCompile(`^[0-9]+[.)]$`)

// isText reports whether w, a word, can stand as it is.
func isText(w string, first bool) bool {
	switch w {
	case "": // between two blanks
		return true
	case "-", "–", "—", "/", "&":
		return !first
	}
	return harmless.MatchString(w) && !suspect.MatchString(w) && !(first && listMarker.MatchString(w))
}

// prose returns s, a sentence, as text. Words that are anything but words
// (addresses, paths, commands) become code, several in a row together, and so
// does what stands between backticks.
func prose(s string) string {
	if s == "" {
		return ""
	}
	words := strings.Split(Escape(s), " ")
	var out []string
	for i := 0; i < len(words); {
		n := codeWords(words[i:], i == 0)
		if n == 0 {
			out = append(out, words[i])
			i++
			continue
		}
		out = append(out, span(strings.Join(words[i:i+n], " ")))
		i += n
	}
	return strings.Join(out, " ")
}

// codeWords returns how many words from the first on are code.
func codeWords(words []string, first bool) int {
	if strings.HasPrefix(strings.TrimLeft(words[0], opening), "`") {
		for i, w := range words {
			if strings.HasSuffix(strings.TrimRight(w, closing), "`") && (i > 0 || strings.Count(w, "`") > 1) {
				return i + 1
			}
		}
	}
	n := 0
	for n < len(words) && !isText(words[n], first && n == 0) {
		if n > 0 && (strings.TrimRight(words[n-1], closing) != words[n-1] || strings.TrimLeft(words[n], opening) != words[n]) {
			break // a bracket or a comma belongs to the sentence
		}
		n++
	}
	return n
}

const (
	opening = `("'`
	closing = `)"'.,;:!?`
)

// span makes one code span of s, leaving brackets around it and punctuation
// after it outside. There is always a blank or such a sign between two spans:
// fences that touch would run into one.
func span(s string) string {
	core := strings.TrimLeft(s, opening)
	before := s[:len(s)-len(core)]
	inner := strings.TrimRight(core, closing)
	after := core[len(inner):]
	if inner == "" {
		return codeSpan(s)
	}
	if bare := strings.Trim(inner, "`"); strings.TrimSpace(bare) != "" && len(inner) == len(bare)+2 && inner[0] == '`' && !strings.Contains(bare, "`") {
		inner = bare
	}
	return before + codeSpan(inner) + after
}
