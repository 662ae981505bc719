package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
)

// hostileNames are what a name, a user ID or an identity may be in the worst case.
func hostileNames() []string {
	list := slices.DeleteFunc(slices.Clone(hostile), func(s string) bool { return s == "" }) // a name is never empty
	return append(list,
		"]]>", "<![CDATA[x]]>", "a & b &amp; &#x0; &#27;", `"quoted", 'and', commas`, `" onload="x`,
		"=cmd|' /C calc'!A0", "+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1+1", "＋1", "－1", "＠x",
		`x";=1+1`, "a,=1", "a;-1", " =1", "\u200b=1", "\xff=1",
		"{0} {{1}}", "[a](0)", "../../etc/passwd", "/etc/passwd", "C:\\x", "javascript:alert(1)", "//evil.example/x",
		"%2e%2e%2f %", "?query#fragment", "\ufffe\uffff", "\x0b\x0c\x1f\x7f\u0080\u009f",
		`{"type":"summary"}`, "a\n{\"type\":\"summary\"}", "::error::x", "##[error]x",
		strings.Repeat("very-long-", 5000),
	)
}

// TestHostile renders a document with a hostile string in every place that
// something from outside gets to: in each format everything invisible is made
// visible, and the format holds.
func TestHostile(t *testing.T) {
	checks := map[string]func(t *testing.T, out, hostile string){
		"csv":   checkCSV,
		"json":  checkJSON,
		"jsonl": checkJSONL,
		"junit": func(t *testing.T, out, _ string) { checkJUnit(t, out) },
		"sarif": checkJSON,
	}
	for name, f := range renderers {
		t.Run(name, func(t *testing.T) {
			for _, s := range hostileNames() {
				out := render(t, f, New(hostileRun(s)))
				for _, r := range out {
					ok := visible(r) || r == '\n' ||
						r == '\r' && name == "csv" || r == '\t' && name == "junit" || // ends of lines, indentation
						r == '\x1b' && name == "table-120-color"
					if !ok {
						t.Fatalf("%U of %.60q got through:\n%.2000q", r, s, out)
					}
				}
				if check := checks[name]; check != nil {
					check(t, out, s)
				}
				if t.Failed() {
					t.Fatalf("of %.60q", s)
				}
			}
		})
	}
}

// checkCSV reads what a spreadsheet would read, whatever it separates by.
func checkCSV(t *testing.T, out, hostile string) {
	t.Helper()
	for comma := range strings.SplitSeq(", ; \t |", " ") {
		r := csv.NewReader(strings.NewReader(out))
		r.Comma = rune(comma[0])
		r.FieldsPerRecord = -1
		r.LazyQuotes = comma != ","
		records, err := r.ReadAll()
		if err != nil {
			t.Fatalf("separated by %q: %v", comma, err)
		}
		if len(records) != 2 && comma == "," {
			t.Fatalf("%d records, want 2", len(records))
		}
		for _, record := range records {
			if comma == "," && len(record) != len(columns) {
				t.Errorf("%d cells, want %d", len(record), len(columns))
			}
			for _, cell := range record {
				if cell != "" && strings.ContainsAny(string([]rune(cell)[:1]), "=+-@\t\r＝＋－＠") {
					t.Errorf("separated by %q, a cell begins as a formula: %.80q", comma, cell)
				}
			}
		}
	}
}

// checkJSON looks for the string itself, which JSON can hold as it is.
func checkJSON(t *testing.T, out, hostile string) {
	t.Helper()
	var doc any
	if err := json.Unmarshal([]byte(out), &doc); err != nil {
		t.Fatal(err)
	}
	found := false
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case string:
			found = found || v == text(hostile)
		case []any:
			for _, e := range v {
				walk(e)
			}
		case map[string]any:
			for _, e := range v {
				walk(e)
			}
		}
	}
	walk(doc)
	if !found {
		t.Errorf("%.60q is not in it", hostile)
	}
}

func checkJSONL(t *testing.T, out, hostile string) {
	t.Helper()
	var types []string
	for line := range strings.Lines(out) {
		var l struct{ Type, Name string }
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatal(err)
		}
		types = append(types, l.Type)
		if l.Type == "artifact" && l.Name != text(hostile) {
			t.Errorf("the name is %.60q", l.Name)
		}
	}
	if got, want := strings.Join(types, " "), "header artifact series unrecognised trouble summary"; got != want {
		t.Errorf("lines %s, want %s", got, want)
	}
}

// checkJUnit reads the XML as strictly as encoding/xml does, which refuses
// characters that XML 1.0 does not have, and holds it to what the parsers of
// Jenkins, GitLab and others take: their elements and attributes in the order
// of the JUnit schema, counts that are right, and cases that can be told apart.
func checkJUnit(t *testing.T, out string) {
	t.Helper()
	if !strings.HasPrefix(out, xml.Header) {
		t.Errorf("no XML declaration:\n%.100s", out)
	}
	for _, r := range out {
		if r == 0xfffe || r == 0xffff {
			t.Errorf("%U is in it", r)
		}
	}
	allowed := map[string]struct{ attributes, parents string }{
		"testsuites": {"name tests errors failures skipped", ""},
		"testsuite":  {"name tests failures errors id skipped time timestamp", "testsuites"},
		"properties": {"", "testsuite"},
		"property":   {"name value", "properties"},
		"testcase":   {"name classname", "testsuite"},
		"failure":    {"message type", "testcase"},
		"error":      {"message type", "testcase"},
		"skipped":    {"message", "testcase"},
		"system-out": {"", "testsuite testcase"},
	}
	order := []string{"properties", "testcase", "failure", "error", "skipped", "system-out"}
	var stack []string
	last := map[int]int{}
	dec := xml.NewDecoder(strings.NewReader(out))
	for {
		tok, err := dec.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			name := tok.Name.Local
			rule, ok := allowed[name]
			parent := ""
			if len(stack) > 0 {
				parent = stack[len(stack)-1]
			}
			if !ok || !slices.Contains(strings.Split(rule.parents, " "), parent) {
				t.Fatalf("<%s> in <%s>", name, parent)
			}
			for _, a := range tok.Attr {
				if !slices.Contains(strings.Fields(rule.attributes), a.Name.Local) {
					t.Errorf("<%s> has an attribute %s", name, a.Name.Local)
				}
			}
			for _, must := range []string{"name", "classname", "time", "timestamp", "message"} {
				has := slices.ContainsFunc(tok.Attr, func(a xml.Attr) bool { return a.Name.Local == must && a.Value != "" })
				if slices.Contains(strings.Fields(rule.attributes), must) && !has {
					t.Errorf("<%s> has no %s", name, must)
				}
			}
			if at := slices.Index(order, name); at >= 0 {
				if at < last[len(stack)] {
					t.Errorf("<%s> comes too late", name)
				}
				last[len(stack)] = at
			}
			stack = append(stack, name)
			last[len(stack)] = 0
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		}
	}

	doc := parseJUnit(t, out)
	var sum counts
	suites := make(map[string]bool)
	for _, s := range doc.Suites {
		if suites[s.Name] {
			t.Errorf("two suites named %q", s.Name)
		}
		suites[s.Name] = true
		var c counts
		names := make(map[string]bool)
		for _, tc := range s.Cases {
			if key := tc.Class + " " + tc.Name; names[key] {
				t.Errorf("two cases named %.80q", key)
			} else {
				names[key] = true
			}
			c.Tests++
			n := 0
			for _, r := range []struct {
				is  *junitResult
				add *int
			}{{tc.Failure, &c.Failures}, {tc.Error, &c.Errors}, {tc.Skipped, &c.Skipped}} {
				if r.is != nil {
					*r.add++
					n++
				}
			}
			if n > 1 {
				t.Errorf("%s has %d outcomes", tc.Name, n)
			}
		}
		if c != s.counts {
			t.Errorf("suite %s: counts %+v, want %+v", s.Name, s.counts, c)
		}
		sum.Tests += c.Tests
		sum.Failures += c.Failures
		sum.Errors += c.Errors
		sum.Skipped += c.Skipped
	}
	if sum != doc.counts {
		t.Errorf("counts %+v, want %+v", doc.counts, sum)
	}
}

type counts struct {
	Tests    int `xml:"tests,attr"`
	Failures int `xml:"failures,attr"`
	Errors   int `xml:"errors,attr"`
	Skipped  int `xml:"skipped,attr"`
}

type junitResult struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Text    string `xml:",chardata"`
}

type junitCase struct {
	Name    string       `xml:"name,attr"`
	Class   string       `xml:"classname,attr"`
	Failure *junitResult `xml:"failure"`
	Error   *junitResult `xml:"error"`
	Skipped *junitResult `xml:"skipped"`
	Out     string       `xml:"system-out"`
}

func (c junitCase) String() string {
	for what, r := range map[string]*junitResult{"failure": c.Failure, "error": c.Error, "skipped": c.Skipped} {
		if r != nil {
			return fmt.Sprintf("%s %s: %s", c.Name, what, r.Message)
		}
	}
	return c.Name + " passed"
}

type junitDoc struct {
	counts
	Suites []struct {
		counts
		Name  string      `xml:"name,attr"`
		Cases []junitCase `xml:"testcase"`
	} `xml:"testsuite"`
}

func parseJUnit(t *testing.T, out string) junitDoc {
	t.Helper()
	var doc junitDoc
	if err := xml.NewDecoder(bytes.NewReader([]byte(out))).Decode(&doc); err != nil {
		t.Fatal(err)
	}
	return doc
}
