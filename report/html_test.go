package report

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"migrate/compare"
	"migrate/internal/cycle"
	"migrate/keyrings"
	"migrate/pgp"
	"migrate/sigstore"
)

// webDoc is a page as a browser's parser understands it.
type webDoc struct {
	elements []*html.Node
	text     string // all text outside script and style
}

func parseHTML(t testing.TB, page string) webDoc {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	var d webDoc
	var text strings.Builder
	for n := range root.Descendants() {
		switch n.Type {
		case html.ElementNode:
			d.elements = append(d.elements, n)
		case html.TextNode:
			if n.Parent.Data != "script" && n.Parent.Data != "style" {
				text.WriteString(n.Data)
				text.WriteByte('\n')
			}
		case html.CommentNode:
			t.Errorf("a comment: %q", n.Data)
		}
	}
	d.text = text.String()
	return d
}

func (d webDoc) all(name string) (list []*html.Node) {
	for _, n := range d.elements {
		if n.Data == name {
			list = append(list, n)
		}
	}
	return list
}

func attribute(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func textOf(n *html.Node) string {
	var b strings.Builder
	for c := range n.Descendants() {
		if c.Type == html.TextNode {
			b.WriteString(c.Data)
		}
	}
	return b.String()
}

// The golden file has the page without style and script.
func TestHTMLGolden(t *testing.T) {
	page := render(t, HTML, New(sampleRun()))
	got := strings.NewReplacer(htmlStyle, "", htmlScript, "", sourceHash(htmlStyle), "STYLE", sourceHash(htmlScript), "SCRIPT").Replace(page)
	golden(t, "html", got)
	if again := render(t, HTML, New(sampleRun())); again != page {
		t.Error("the same document gave other bytes")
	}
}

// structure holds a page to what the template can make: these elements with
// these attributes, links within the page, our script and our style.
func (d webDoc) structure(t *testing.T) {
	t.Helper()
	attributes := map[string]string{
		"html": "lang", "meta": "charset http-equiv content name", "link": "rel href",
		"a": "class href title data-series data-kind data-verdict data-text", "svg": "role aria-labelledby viewBox width height aria-hidden",
		"rect": "class x y width height", "g": "transform", "text": "class x y", "title": "id", "desc": "id", "circle": "cx cy r class",
		"pattern": "id width height patternUnits patternTransform",
		"div":     "class id tabindex role aria-label", "ul": "class aria-label", "li": "class id", "nav": "aria-label",
		"section": "id", "article": "id", "h2": "tabindex", "p": "class id role", "span": "class aria-hidden", "b": "class",
		"form": "id role aria-label hidden", "label": "for", "input": "id type autocomplete spellcheck", "select": "id", "option": "value", "button": "type",
		"table": "class id", "tbody": "data-series data-kind data-verdict data-levels", "th": "scope", "td": "colspan", "dd": "class", "dt": "class", "dl": "class",
		"head": "", "style": "", "script": "", "body": "", "header": "", "main": "", "h1": "", "h3": "", "time": "", "code": "", "strong": "",
		"details": "", "summary": "", "thead": "", "tr": "", "defs": "",
	}
	ids := make(map[string]bool)
	var links []string
	for _, n := range d.elements {
		allowed, ok := attributes[n.Data]
		if !ok {
			t.Errorf("an element <%s>", n.Data)
		}
		for _, a := range n.Attr {
			if !slices.Contains(strings.Fields(allowed), a.Key) {
				t.Errorf("<%s> has an attribute %s=%q", n.Data, a.Key, a.Val)
			}
			switch a.Key {
			case "id":
				if ids[a.Val] || !regexp.MustCompile(`^[a-z]+[0-9]*(-[a-z]+)?$`).MatchString(a.Val) {
					t.Errorf("id %q", a.Val)
				}
				ids[a.Val] = true
			case "href":
				if n.Data == "a" {
					links = append(links, a.Val)
				} else if a.Val != "data:," {
					t.Errorf("<%s> refers to %q", n.Data, a.Val)
				}
			case "class":
				if !regexp.MustCompile(`^[a-z -]+$`).MatchString(a.Val) {
					t.Errorf("class %q", a.Val)
				}
			}
		}
		switch n.Data {
		case "script":
			if textOf(n) != htmlScript {
				t.Errorf("a script: %.200q", textOf(n))
			}
		case "style":
			if textOf(n) != htmlStyle {
				t.Errorf("a style: %.200q", textOf(n))
			}
		}
	}
	for _, l := range links {
		if !strings.HasPrefix(l, "#") || !ids[l[1:]] {
			t.Errorf("a link to %q, which is nowhere in the page", l)
		}
	}
	if len(d.all("script")) != 1 || len(d.all("style")) != 1 {
		t.Errorf("%d scripts and %d styles, want one each", len(d.all("script")), len(d.all("style")))
	}
}

// The policy must have the digests of the very bytes that are in the page.
func TestHTMLPolicy(t *testing.T) {
	d := parseHTML(t, render(t, HTML, New(sampleRun())))
	d.structure(t)
	want := "default-src 'none'; style-src " + sourceHash(textOf(d.all("style")[0])) + "; script-src " + sourceHash(textOf(d.all("script")[0])) +
		"; img-src data:; base-uri 'none'; form-action 'none'"
	var got []string
	for _, n := range d.all("meta") {
		if attribute(n, "http-equiv") == "Content-Security-Policy" {
			got = append(got, attribute(n, "content"))
		}
	}
	if diff := cmp.Diff([]string{want}, got); diff != "" {
		t.Error(diff)
	}
	if bad := regexp.MustCompile(`@import|url\([^#]|//|expression`).FindString(htmlStyle); bad != "" {
		t.Errorf("the style has %q in it", bad)
	}
	// A policy comes too late for what is before it.
	if head := d.all("meta"); attribute(head[0], "charset") != "utf-8" || attribute(head[1], "http-equiv") == "" {
		t.Error("the policy is not the first thing after the character set")
	}
}

// hostileDocument also has s where only a document from elsewhere has it.
func hostileDocument(s string) *Document {
	d := New(hostileRun(s))
	a := &d.Artifacts[0]
	a.Series, a.Version, a.Kind, a.Role = s, s, s, s
	a.SHA256, a.PGP.Certificate, a.PGP.SigningKey = s, s, s+"sub"
	a.PGP.Reason, a.PGP.Weaknesses = pgp.Reason(s), []pgp.Weakness{pgp.Weakness(s)}
	a.Sigstore.Reason, a.Sigstore.LogID, a.Sigstore.BundleVersion = sigstore.Reason(s), s, s
	a.Expected.PGP.Presence, a.Expected.PGP.Signers = keyrings.Presence(s), []string{s}
	a.Findings = append(a.Findings, Finding{compare.Code(s), compare.Note, s})
	d.Series[0].Series, d.Series[0].Status = s, cycle.Status(s)
	d.Series[0].FirstRelease, d.Series[0].EndOfLife = cycle.Date{Year: 2024, Month: 10, Day: 7}, cycle.Date{Year: 2029, Month: 10}
	d.Series[0].PGP.Presence = keyrings.Presence(s)
	d.Series[0].Reasons[0].Code = compare.Code(s)
	d.Generator = Generator{s, s}
	d.Trust.Keys[0] = Key{Fingerprint: s, Person: s, Name: s, SHA256: s, Copies: []KeyCopy{{s, s}}}
	d.Trust.TrustRoot.SHA256, d.Trust.Roster.SHA256, d.Trust.Roster.Version = s, s, s
	d.Trust.ReleaseCycle = ReleaseCycle{Source: s, SHA256: s}
	d.Trust.Others = []OtherTrust{{TrustRoot{Source: s, SHA256: s}, Roster{s, s, s}, ReleaseCycle{Source: s, SHA256: s}}}
	return d
}

func TestHTMLHostile(t *testing.T) {
	more := []string{
		`"><script>alert(1)</script>`, `' onmouseover='alert(1)`, `" autofocus onfocus="alert(1)`, "</script><script>alert(1)</script>",
		"</style><style>*{display:none}", "</title><b>", "]]><svg onload=alert(1)>", "javascript:alert(1)", "<base href=//example.com>",
		"{{.Artifacts}}", "--><b>", "<template>", "</table></details><h1>", "<plaintext>", "&#x3c;b&#x3e;",
	}
	for _, s := range slices.Concat(hostile, more) {
		page := render(t, HTML, hostileDocument(s))
		d := parseHTML(t, page)
		d.structure(t)
		for _, r := range page {
			if r != '\n' && !visible(r) {
				t.Errorf("%U is in the page", r)
			}
		}
		// All of it can be read: in prose, backticks become code.
		if seen := Escape(s); !strings.Contains(d.text, seen) || strings.Contains(page, "ZgotmplZ") {
			t.Errorf("%q is not in the text", seen)
		}
		if t.Failed() {
			t.Fatalf("with %q", s)
		}
	}
}

// TestHTMLNothingLost fills every field of an artifact in the document and
// looks for each value in the page.
func TestHTMLNothingLost(t *testing.T) {
	var a Artifact
	f := webFiller{values: make(map[string]string)}
	f.fill(reflect.ValueOf(&a).Elem(), "artifact")
	a.Findings[0].Level, a.Findings[1].Level = compare.Note, compare.Error
	text := parseHTML(t, render(t, HTML, &Document{Artifacts: []Artifact{a}})).text
	if len(f.values) < 60 {
		t.Fatalf("only %d values", len(f.values))
	}
	for at, value := range f.values {
		if !strings.Contains(text, value) {
			t.Errorf("%s (%s) is not in the page", at, value)
		}
	}
	// What is said by words of ours goes when it is no longer so.
	var b Artifact
	less := parseHTML(t, render(t, HTML, &Document{Artifacts: []Artifact{b}})).text
	for _, words := range []string{
		"cannot tell whether there is an .asc", "a .sig and .crt lie beside", "its inclusion promise holds", "only in its first, deprecated form",
		"inclusion promise, inclusion proof and checkpoint", "a P-384 key over SHA-256, which is deprecated", "one person by both methods",
	} {
		if !strings.Contains(text, words) || strings.Contains(less, words) {
			t.Errorf("%q: there %v, and without it %v", words, strings.Contains(text, words), strings.Contains(less, words))
		}
	}
	if words := "not in the roster"; strings.Contains(text, words) || !strings.Contains(less, words) {
		t.Errorf("%q is there when it should not be, or not when it should", words)
	}
}

// webFiller sets every field, and knows how its value is to be read.
type webFiller struct {
	values map[string]string
	n      int
}

func (f *webFiller) fill(v reflect.Value, at string) {
	f.n++
	switch v.Interface().(type) {
	case Time:
		u := time.Unix(int64(f.n)*100000, 0).UTC()
		v.Set(reflect.ValueOf(Time{u}))
		f.values[at] = u.Format(time.RFC3339)
		return
	case *int64:
		n := int64(77000 + f.n)
		v.Set(reflect.ValueOf(&n))
		f.values[at] = strconv.FormatInt(n, 10)
		return
	case pgp.Status, sigstore.Status, compare.Verdict, compare.Level:
		v.SetUint(2)
		f.values[at] = fmt.Sprint(v.Interface())
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			f.fill(v.Field(i), at+"."+v.Type().Field(i).Name)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range 2 {
			f.fill(v.Index(i), at+"["+strconv.Itoa(i)+"]")
		}
	case reflect.String:
		v.SetString("value-" + strconv.Itoa(f.n) + "-")
		f.values[at] = v.String()
	case reflect.Int:
		v.SetInt(int64(77000 + f.n))
		f.values[at] = strconv.Itoa(77000 + f.n)
	case reflect.Bool:
		v.SetBool(true)
	default:
		panic("what is a " + v.Type().String() + "?")
	}
}

// Nothing but what compare lets pass is drawn as covered, and the four ways of
// not being covered stay apart.
func TestCoverage(t *testing.T) {
	const key = "AAAA"
	presences := map[keyrings.Presence]coverage{keyrings.Required: coverGap, keyrings.Optional: coverSpared, keyrings.None: coverExempt, "": coverLacking}
	wantPGP := map[pgp.Status]coverage{
		pgp.Unchecked: coverUnseen, pgp.Good: coverGood, pgp.GoodRefreshed: coverGood, pgp.Weak: coverDiscount,
		pgp.Bad: coverRefused, pgp.Rejected: coverRefused, pgp.WrongSigner: coverRefused, pgp.Malformed: coverRefused,
		pgp.UnknownKey: coverUnseen, pgp.Unsupported: coverUnseen,
	}
	for s := pgp.Unchecked; s < pgp.Missing; s++ {
		a := Artifact{PGP: PGP{Status: s, Certificate: key}, Expected: Expected{PGP: ExpectedPGP{Signers: []string{key}}}}
		if got := a.pgpState(); got != wantPGP[s] {
			t.Errorf("PGP %s by the right key: %s, want %s", s, got.Words(), wantPGP[s].Words())
		}
		a.Expected.PGP.Signers = []string{"BBBB"}
		if got := a.pgpState(); got != coverRefused && got != coverUnseen {
			t.Errorf("PGP %s by another key: %s", s, got.Words())
		}
		a.Expected.PGP.Signers = nil
		if a.pgpState() == coverGood {
			t.Errorf("PGP %s by a key that nobody pinned is covered", s)
		}
	}
	for presence, want := range presences {
		a := Artifact{PGP: PGP{Status: pgp.Missing}, Sigstore: Sigstore{Status: sigstore.Missing}}
		a.Expected.PGP.Presence, a.Expected.Sigstore.Presence = presence, presence
		if a.pgpState() != want || a.sigstoreState() != want {
			t.Errorf("missing, %q: %s and %s, want %s", presence, a.pgpState().Words(), a.sigstoreState().Words(), want.Words())
		}
		a.PGP = PGP{Unseen: true}
		if got := a.pgpState(); (got == coverUndue) != (presence == keyrings.None) || got != coverUndue && got != coverUnseen {
			t.Errorf("unseen, %q: %s", presence, got.Words())
		}
	}
	wantSigstore := map[sigstore.Status]coverage{
		sigstore.Unchecked: coverUnseen, sigstore.Good: coverGood, sigstore.DigestMismatch: coverRefused, sigstore.Bad: coverRefused,
		sigstore.WrongIdentity: coverRefused, sigstore.Untrusted: coverRefused, sigstore.Incompatible: coverUnseen, sigstore.Malformed: coverRefused,
		sigstore.GoodFromLog: coverDiscount,
	}
	for s := sigstore.Unchecked; s <= sigstore.GoodFromLog; s++ {
		if s == sigstore.Missing {
			continue // it depends on what is expected
		}
		a := Artifact{Sigstore: Sigstore{Status: s}, Expected: Expected{Known: true}}
		if got := a.sigstoreState(); got != wantSigstore[s] {
			t.Errorf("Sigstore %s: %s, want %s", s, got.Words(), wantSigstore[s].Words())
		}
	}
	if got := (&Artifact{Sigstore: Sigstore{Status: sigstore.Untrusted, NewerThanRoot: true}}).sigstoreState(); got != coverUnseen {
		t.Errorf("newer than the trust root: %s, want could-not-check", got.Words())
	}
	if got := (&Artifact{Sigstore: Sigstore{Status: sigstore.WrongIdentity}}).sigstoreState(); got != coverDiscount {
		t.Errorf("an identity of an unknown series: %s", got.Words())
	}
	seen := make(map[string]bool)
	for _, c := range coverages {
		if c.Class() == "" || c.Words() == "" || seen[c.Class()] || seen[c.Words()] || !strings.Contains(htmlStyle, ".c."+c.Class()+" ") {
			t.Errorf("coverage %d (%s) has no looks or no words of its own", c, c.Class())
		}
		seen[c.Class()], seen[c.Words()] = true, true
	}
	if len(coverages) != len(coverageWords) {
		t.Error("not every coverage is drawn")
	}
}

// Every value is told from the others without colour.
func TestHTMLSymbols(t *testing.T) {
	seen := make(map[string]compare.Verdict)
	for _, v := range verdicts {
		if other, ok := seen[symbol(v)]; ok {
			t.Errorf("%s and %s have the same symbol", v, other)
		}
		seen[symbol(v)] = v
		if !strings.Contains(htmlStyle, "."+v.String()) {
			t.Errorf("no colour for %s", v)
		}
	}
	signs := make(map[string]bool)
	for _, r := range readinesses {
		if signs[symbol(r)] || !strings.Contains(htmlStyle, ".r."+r.String()) {
			t.Errorf("no symbol or no colour for %s", r)
		}
		signs[symbol(r)] = true
	}
}

func TestHTMLContent(t *testing.T) {
	doc := New(sampleRun())
	page := render(t, HTML, doc)
	d := parseHTML(t, page)
	at := -1
	for _, want := range []string{
		"Yes for 3.14 (2 artifacts) and 3.13 (2 artifacts)", "Not everything was looked at", "Readiness", "not-ready", "keep checking its .asc", "Matrix of series and kinds",
		"Timeline\n", "3.13 is the last to get PGP signatures, until 2029-10.", "Coverage, release by release", "Artifacts\n", "Findings explained", "Could not be looked at", "Not recognised, and not verified", "What this report stood on",
	} {
		i := strings.Index(d.text[at+1:], want)
		if i < 0 {
			t.Fatalf("%q is missing, or not in its place", want)
		}
		at += i + 1
	}
	if n := len(d.all("tbody")); n != len(doc.Artifacts)+4 { // and of matrix, life, coverage, keys
		t.Errorf("%d table bodies for %d artifacts", n, len(doc.Artifacts))
	}
	for _, a := range doc.Artifacts {
		for _, f := range a.Findings {
			e, ok := compare.Explain(f.Code)
			if ok && !strings.Contains(d.text, e.Title) {
				t.Errorf("%s is not explained", f.Code)
			}
		}
	}
}

// A document from elsewhere may name a series only in its artifacts.
func TestHTMLEverySeries(t *testing.T) {
	d := New(sampleRun())
	d.Series = d.Series[:1]
	text := parseHTML(t, render(t, HTML, d)).text
	for _, a := range d.Artifacts {
		if !strings.Contains(text, a.Name) {
			t.Errorf("%s is not in the page", a.Name)
		}
	}
}

func TestHTMLEmpty(t *testing.T) {
	d := parseHTML(t, render(t, HTML, New(Run{})))
	d.structure(t)
	for _, want := range []string{"No artifacts were found, so there is no answer.", "No series was found.", "No releases were found.", "There are none."} {
		if !strings.Contains(d.text, want) {
			t.Errorf("%q is missing", want)
		}
	}
}

type brokenWriter struct{}

var errBroken = errors.New("no space left")

func (brokenWriter) Write([]byte) (int, error) { return 0, errBroken }

func TestHTMLWriteError(t *testing.T) {
	for _, d := range []*Document{New(Run{}), New(bigRun(200))} {
		if err := HTML(brokenWriter{}, d); !errors.Is(err, errBroken) {
			t.Errorf("got %v, want the writer's error", err)
		}
	}
}

// The reference machine has two seconds for three thousand artifacts.
func BenchmarkHTML(b *testing.B) {
	d := New(bigRun(3400))
	for b.Loop() {
		var buf bytes.Buffer
		if err := HTML(&buf, d); err != nil {
			b.Fatal(err)
		}
		b.SetBytes(int64(buf.Len()))
	}
}
