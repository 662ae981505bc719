package report

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	east "github.com/yuin/goldmark/extension/ast"
	gmtext "github.com/yuin/goldmark/text"

	"migrate/compare"
)

// page is a Markdown document as GitHub's dialect understands it.
type page struct {
	blocks []string // kind and, where it is ours, content of each block, in order
	cells  []string // what is to be read in each table cell
	items  []string // ... in each list item that has no list in it
	text   []string // text outside code
	errs   []string // what must not be there
}

var ours = regexp.MustCompile(`^(<details>\n<summary>(All [0-9]+( artifacts)?|[0-9]+ pinned OpenPGP keys?)</summary>|</details>)\n*$`)

func parsePage(source string) page {
	src := []byte(source)
	doc := goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser().Parse(gmtext.NewReader(src))
	var p page
	fail := func(format string, args ...any) { p.errs = append(p.errs, fmt.Sprintf(format, args...)) }
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Document, *ast.Paragraph, *ast.TextBlock, *ast.List, *east.TableHeader:
			p.blocks = append(p.blocks, n.Kind().String())
		case *ast.ListItem:
			p.blocks = append(p.blocks, "ListItem")
			if n.FirstChild() == n.LastChild() {
				p.items = append(p.items, readable(n, src))
			}
		case *ast.Heading:
			p.blocks = append(p.blocks, fmt.Sprintf("Heading %d %s", n.Level, readable(n, src)))
		case *east.Table:
			p.blocks = append(p.blocks, fmt.Sprintf("Table of %d columns", len(n.Alignments)))
		case *east.TableRow:
			p.blocks = append(p.blocks, fmt.Sprintf("Row of %d", n.ChildCount()))
		case *east.TableCell:
			p.cells = append(p.cells, readable(n, src))
		case *ast.HTMLBlock:
			var b strings.Builder
			for i := range n.Lines().Len() {
				l := n.Lines().At(i)
				b.Write(l.Value(src))
			}
			p.blocks = append(p.blocks, b.String())
			if !ours.MatchString(b.String()) {
				fail("HTML %q", b.String())
			}
		case *ast.Text:
			if n.Parent().Kind() != ast.KindCodeSpan {
				p.text = append(p.text, string(n.Segment.Value(src)))
			}
		case *ast.CodeSpan:
		case *ast.Emphasis:
			p.blocks = append(p.blocks, "Emphasis")
		default:
			fail("a %s: %q", n.Kind(), readable(n, src))
		}
		return ast.WalkContinue, nil
	})
	for _, s := range p.text {
		if bad := regexp.MustCompile(`[@#$<>|\\~*_]\S|:[a-z]|://|(?:^|[\s(])www\.\S`).FindString(s); bad != "" {
			fail("%q in the text %q", bad, s)
		}
	}
	return p
}

// readable returns what is to be read in n, blanks brought together as a
// browser does.
func readable(n ast.Node, src []byte) string {
	var b strings.Builder
	_ = ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if t, ok := n.(*ast.Text); ok && entering {
			b.Write(t.Segment.Value(src))
		}
		return ast.WalkContinue, nil
	})
	return browser(b.String())
}

func browser(s string) string { return strings.Join(strings.Fields(s), " ") }

func TestMarkdownStructure(t *testing.T) {
	p := parsePage(render(t, Markdown, New(sampleRun())))
	for _, e := range p.errs {
		t.Error(e)
	}
	var outline []string
	for _, b := range p.blocks {
		if strings.HasPrefix(b, "Heading") || strings.HasPrefix(b, "Table") || strings.HasPrefix(b, "<details>") {
			outline = append(outline, strings.TrimSpace(b))
		}
	}
	want := []string{
		"Heading 1 Can Sigstore take the place of PGP?",
		"Table of 11 columns", "TableHeader",
		"Heading 2 What to do",
		"Heading 2 Clients",
		"Heading 2 3.14: ready", "Table of 5 columns", "TableHeader",
		"Heading 2 3.13: ready", "Table of 5 columns", "TableHeader",
		"Heading 2 3.12: undetermined", "Table of 5 columns", "TableHeader",
		"Heading 2 3.11: ready-with-gaps", "Table of 5 columns", "TableHeader",
		"Heading 2 3.9: not-ready", "Table of 5 columns", "TableHeader",
		"Heading 2 What the verdicts mean",
		"Heading 2 Findings",
		"Heading 3 error: compare/conflict (1)",
		"Heading 3 error: pgp/bad-signature (1)",
		"Heading 3 error: pgp/malformed (1)",
		"Heading 3 error: sigstore/digest-mismatch (1)",
		"Heading 3 error: source/unreadable (1)",
		"Heading 3 warning: pgp/missing (1)",
		"Heading 3 warning: pgp/unknown-key (1)",
		"Heading 3 warning: sigstore/missing (1)",
		"Heading 3 note: compare/unsigned (1)",
		"Heading 3 note: pgp/key-expired-since (2)",
		"Heading 3 note: sigstore/deprecated-p384-sha256 (1)",
		"Heading 2 Could not be looked at",
		"Heading 2 Not recognised, and not verified",
		"Heading 2 What this report stood on",
		"<details>\n<summary>3 pinned OpenPGP keys</summary>", "Table of 3 columns", "TableHeader",
	}
	if diff := cmp.Diff(want, outline); diff != "" {
		t.Error(diff)
	}
	checkRows(t, p)
}

// checkRows holds each row to its table's number of columns.
func checkRows(t *testing.T, p page) {
	t.Helper()
	columns := ""
	for _, b := range p.blocks {
		if n, ok := strings.CutPrefix(b, "Table of "); ok {
			columns, _, _ = strings.Cut(n, " ")
		}
		if n, ok := strings.CutPrefix(b, "Row of "); ok && n != columns {
			t.Errorf("a row of %s in a table of %s columns", n, columns)
		}
	}
}

// checkPipes counts columns in the source: a parser would pad a row that has
// too few and cut one that has too many.
func checkPipes(t *testing.T, out string) {
	t.Helper()
	want := 0
	for l := range strings.Lines(out) {
		if !strings.HasPrefix(l, "|") {
			want = 0
			continue
		}
		n := strings.Count(l, "|") - strings.Count(l, `\|`)
		if want == 0 {
			want = n
		}
		if n != want {
			t.Errorf("%d pipes in a row of a table whose head has %d: %s", n, want, l)
		}
	}
}

// Whatever a name holds, the page has the same blocks as with a plain name, no
// elements or links of its own, and all of the name is there to be read.
func TestMarkdownHostile(t *testing.T) {
	blocks := func(s string) []string {
		p := parsePage(render(t, Markdown, New(hostileRun(s))))
		return p.blocks
	}
	plain := blocks("name")
	for _, s := range hostile {
		t.Run(fmt.Sprintf("%q", s), func(t *testing.T) { checkHostile(t, s, plain) })
	}
}

func checkHostile(t *testing.T, s string, plain []string) {
	out := render(t, Markdown, New(hostileRun(s)))
	checkVisible(t, out)
	p := parsePage(out)
	for _, e := range p.errs {
		t.Error(e)
	}
	if s == "" { // what is absent is left out
		return
	}
	if diff := cmp.Diff(plain, p.blocks); diff != "" {
		t.Errorf("the blocks differ (-plain +hostile):\n%s\n%s", diff, out)
	}
	checkPipes(t, out)
	shown := browser(Escape(text(s)))
	for _, want := range []struct {
		in   []string
		text string
	}{
		{p.cells, shown},                // the artifact
		{p.cells, "good: " + shown},     // user ID, identity
		{p.items, shown + ": " + shown}, // path and message
	} {
		found := false
		for _, c := range want.in {
			found = found || c == want.text || unquoted(c) == unquoted(want.text)
		}
		if !found {
			t.Errorf("%q is nowhere to be read among %q", want.text, want.in)
		}
	}
}

// unquoted leaves backticks out, which prose takes for marks of code.
func unquoted(s string) string { return browser(strings.ReplaceAll(s, "`", "")) }

func TestMarkdownFolds(t *testing.T) {
	p := parsePage(render(t, Markdown, New(bigRun(1000))))
	for _, e := range p.errs {
		t.Error(e)
	}
	checkRows(t, p)
	open, rows, folded := 0, 0, 0
	for _, b := range p.blocks {
		switch {
		case strings.HasPrefix(b, "<details>"):
			open++
		case strings.HasPrefix(b, "</details>"):
			open--
		case strings.HasPrefix(b, "Row of 5") && open > 0:
			folded++
		case strings.HasPrefix(b, "Row of 5"):
			rows++
		}
	}
	if open != 0 {
		t.Errorf("%d <details> left open", open)
	}
	if folded != 1000 {
		t.Errorf("%d artifacts in folded tables, want 1000", folded)
	}
	if rows == 0 || rows > 20*foldOver {
		t.Errorf("%d rows outside of them", rows)
	}
}

func TestProse(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"", ""},
		{"PGP and Sigstore disagree: keep both (for now).", "PGP and Sigstore disagree: keep both (for now)."},
		{"Łukasz Langa", "Łukasz Langa"},
		{"signed by lukasz@langa.pl, not by pablogsal@python.org.", "signed by `lukasz@langa.pl`, not by `pablogsal@python.org`."},
		{"(see https://peps.python.org/pep-0761/)", "(see `https://peps.python.org/pep-0761/`)"},
		{"run `gpg --recv-keys 0123456789ABCDEF`, then again", "run `gpg --recv-keys 0123456789ABCDEF`, then again"},
		{"run gpg --recv-keys 0123456789ABCDEF", "run gpg `--recv-keys 0123456789ABCDEF`"},
		{"`one` and `two`", "`one` and `two`"},
		{"as a@b.c (https://d.e/f), or g@h.i, j@k.l", "as `a@b.c` (`https://d.e/f`), or `g@h.i`, `j@k.l`"},
		{"`trust update`", "`trust update`"},
		{"`open and never closed", "`` `open `` and never closed"},
		{"a|b", "`a|b`"},
		{"1. item", "`1`. item"},
		{"since 3.", "since 3."},
		{"- item", "`-` item"},
		{"not - here", "not - here"},
		{"fixes GH-12 and #12", "fixes `GH-12` and `#12`"},
		{"commit deadbeef", "commit `deadbeef`"},
		{"3.13.5/Python-3.13.5.tar.xz", "3.13.5/Python-3.13.5.tar.xz"},
		{"<b>&amp;", "`<b>&amp`;"},
		{"snake_case *bold*", "`snake_case *bold*`"},
		{"one\ntwo", "`one\\ntwo`"},
		{`C:\new`, "`C:\\\\new`"},
	} {
		if got := prose(tt.in); got != tt.want {
			t.Errorf("prose(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

func TestCode(t *testing.T) {
	for _, tt := range []struct{ in, code, cell string }{
		{"name", "`name`", "`name`"},
		{"", `""`, `""`},
		{"a`b", "``a`b``", "``a`b``"},
		{"`a", "`` `a ``", "`` `a ``"},
		{"a```b``", "```` a```b`` ````", "```` a```b`` ````"},
		{" a ", "`\\x20a\\x20`", "`\\x20a\\x20`"},
		{"a|b", "`a|b`", "`a\\|b`"},
		{`a\|b`, "`a\\\\|b`", "`a\\\\\\|b`"},
	} {
		if got := code(tt.in); got != tt.code {
			t.Errorf("code(%q) = %q, want %q", tt.in, got, tt.code)
		}
		if got := cellCode(tt.in); got != tt.cell {
			t.Errorf("cellCode(%q) = %q, want %q", tt.in, got, tt.cell)
		}
	}
}

// Every code of the sample is explained in its report.
func TestMarkdownExplains(t *testing.T) {
	d := New(sampleRun())
	out := unquoted(render(t, Markdown, d))
	for _, topic := range d.topics() {
		e, ok := compare.Explain(topic.code)
		if !ok {
			t.Errorf("%s is in no catalogue", topic.code)
			continue
		}
		if !strings.Contains(out, unquoted(prose(e.Action))) {
			t.Errorf("%s: what to do is not in the report", topic.code)
		}
	}
}

func FuzzMarkdown(f *testing.F) {
	for _, s := range hostile {
		f.Add(s)
	}
	var plain []string
	f.Fuzz(func(t *testing.T, s string) {
		if plain == nil {
			plain = parsePage(render(t, Markdown, New(hostileRun("name")))).blocks
		}
		checkHostile(t, s, plain)
	})
}
