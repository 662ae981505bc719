package report

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"migrate/compare"
	"migrate/internal/cycle"
	"migrate/pgp"
	"migrate/sigstore"
)

func compileSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	if err := c.AddResource("schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func documents() map[string]*Document {
	docs := map[string]*Document{
		"sample": New(sampleRun()),
		"empty":  New(Run{Generator: Generator{Name: "migrate"}, Time: at("2026-01-01 00:00")}),
		"big":    New(bigRun(300)),
	}
	for _, s := range hostile {
		if s != "" { // a name is never empty
			docs[strconv.Quote(s)] = New(hostileRun(s))
		}
	}
	return docs
}

func TestDocumentsFitSchema(t *testing.T) {
	schema := compileSchema(t)
	for name, d := range documents() {
		out := render(t, JSON, d)
		doc, err := jsonschema.UnmarshalJSON(strings.NewReader(out))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if err := schema.Validate(doc); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The schema is a closed one: it says no to what Read says no to.
func TestSchemaRefuses(t *testing.T) {
	schema := compileSchema(t)
	good := render(t, JSON, New(sampleRun()))
	for _, tt := range []struct{ old, new, want string }{
		{`"offline": true`, `"offline": "yes"`, "/offline"},
		{`"offline": true`, `"offline": true, "extra": 1`, "extra"},
		{`"schemaVersion": "1"`, `"schemaVersion": "2"`, "/schemaVersion"},
		{`"verdict": "conflict"`, `"verdict": "fine"`, "/verdict"},
		{`"2026-08-06T09:30:00Z"`, `"2026-08-06T09:30:00+02:00"`, "/created"},
		{`"2026-08-06T09:30:00Z"`, `"yesterday"`, "/created"},
		{wouters, strings.ToLower(wouters), "fingerprint"},
		{`"reason": "html"`, `"reason": "htm"`, "/reason"},
		{`"platform": "amd64"`, `"platform": ""`, "/platform"},
	} {
		out := strings.Replace(good, tt.old, tt.new, 1)
		if out == good {
			t.Fatalf("%s is not in the sample", tt.old)
		}
		doc, err := jsonschema.UnmarshalJSON(strings.NewReader(out))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(doc); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want an error about %s", tt.new, err, tt.want)
		}
	}
}

// schemaNode is the part of JSON Schema that schema.json uses.
type schemaNode struct {
	Ref         string                `json:"$ref"`
	Type        string                `json:"type"`
	Description string                `json:"description"`
	Const       any                   `json:"const"`
	Enum        []any                 `json:"enum"`
	Items       *schemaNode           `json:"items"`
	Required    []string              `json:"required"`
	Properties  map[string]schemaNode `json:"properties"`
	Additional  *bool                 `json:"additionalProperties"`
	Defs        map[string]schemaNode `json:"$defs"`
}

func parseSchema(t *testing.T) schemaNode {
	t.Helper()
	var root schemaNode
	if err := json.Unmarshal(Schema(), &root); err != nil {
		t.Fatal(err)
	}
	return root
}

func (n schemaNode) def(ref string) schemaNode { return n.Defs[strings.TrimPrefix(ref, "#/$defs/")] }

// TestSchemaFields walks the Go types and the schema side by side: the same
// fields, required where Go always writes them, of the same kind, described.
func TestSchemaFields(t *testing.T) {
	root := parseSchema(t)
	seen := make(map[reflect.Type]bool)
	var walk func(typ reflect.Type, n schemaNode, at string)
	walk = func(typ reflect.Type, n schemaNode, at string) {
		if n.Ref != "" {
			target := root.def(n.Ref)
			if n.Description == "" {
				n.Description = target.Description
			}
			description := n.Description
			n = target
			n.Description = description
		}
		if typ.Kind() == reflect.Pointer {
			typ = typ.Elem()
		}
		switch {
		case typ == reflect.TypeFor[Time](), typ == reflect.TypeFor[cycle.Date]():
			if n.Type != "string" {
				t.Errorf("%s is a time, and %q in the schema", at, n.Type)
			}
		case typ.Kind() == reflect.Struct:
			if seen[typ] {
				return
			}
			seen[typ] = true
			if n.Type != "object" || n.Additional == nil || *n.Additional {
				t.Errorf("%s: not a closed object in the schema", at)
			}
			var names, required []string
			for i := range typ.NumField() {
				name, opts, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
				names = append(names, name)
				if !strings.HasPrefix(opts, "omit") {
					required = append(required, name)
				}
				p, ok := n.Properties[name]
				if !ok {
					t.Errorf("%s.%s is not in the schema", at, name)
					continue
				}
				walk(typ.Field(i).Type, p, at+"."+name)
				if p.Description == "" && root.def(p.Ref).Description == "" {
					t.Errorf("%s.%s has no description", at, name)
				}
			}
			for name := range n.Properties {
				if !slices.Contains(names, name) {
					t.Errorf("%s.%s is in the schema only", at, name)
				}
			}
			slices.Sort(required)
			slices.Sort(n.Required)
			if !slices.Equal(required, n.Required) {
				t.Errorf("%s: required are %q, in the schema %q", at, required, n.Required)
			}
		case typ.Kind() == reflect.Slice:
			if n.Type != "array" || n.Items == nil {
				t.Errorf("%s is a list, and %q in the schema", at, n.Type)
				return
			}
			walk(typ.Elem(), *n.Items, at+"[]")
		case typ.Kind() == reflect.Map:
			if n.Type != "object" {
				t.Errorf("%s is a map, and %q in the schema", at, n.Type)
			}
		case typ.Kind() == reflect.Bool:
			// One that is left out when false can only be true.
			if n.Type != "boolean" && n.Const != true {
				t.Errorf("%s is a boolean, and %q in the schema", at, n.Type)
			}
		case n.Enum != nil || n.Const != nil:
		case typ.Kind() == reflect.String && n.Type != "string",
			(typ.Kind() == reflect.Int || typ.Kind() == reflect.Int64) && n.Type != "integer":
			t.Errorf("%s is a %s, and %q in the schema", at, typ, n.Type)
		}
	}
	walk(reflect.TypeFor[Document](), root, "document")
	if len(seen) < 15 {
		t.Errorf("only %d types were compared", len(seen))
	}
}

// TestSchemaEnums holds every enumeration to the constants of the code.
func TestSchemaEnums(t *testing.T) {
	root := parseSchema(t)
	prop := func(def, name string) schemaNode { return root.Defs[def].Properties[name] }
	verdicts := values(func(i int) (string, error) { return marshal(compare.Verdict(i)) })
	for _, tt := range []struct {
		name string
		got  []any
		want []string
	}{
		{"verdict", root.Defs["verdict"].Enum, verdicts},
		{"readiness", root.Defs["readiness"].Enum, values(func(i int) (string, error) { return marshal(compare.Readiness(i)) })},
		{"level", root.Defs["level"].Enum, values(func(i int) (string, error) { return marshal(compare.Level(i)) })},
		{"verdictCounts", anys(root.Defs["verdictCounts"].Required), verdicts},
		{"levelCounts", anys(root.Defs["levelCounts"].Required), values(func(i int) (string, error) { return marshal(compare.Level(i)) })},
		{"pgp.status", prop("pgp", "status").Enum, values(func(i int) (string, error) { return marshal(pgp.Status(i)) })},
		{"pgp.reason", prop("pgp", "reason").Enum, constants(t, "../pgp", "Reason")},
		{"pgp.weaknesses", prop("pgp", "weaknesses").Items.Enum, constants(t, "../pgp", "Weakness")},
		{"sigstore.status", prop("sigstore", "status").Enum, values(func(i int) (string, error) { return marshal(sigstore.Status(i)) })},
		{"sigstore.reason", prop("sigstore", "reason").Enum, constants(t, "../sigstore", "Reason")},
		{"presence", root.Defs["presence"].Enum, constants(t, "../keyrings", "Presence")},
		{"artifact.role", prop("artifact", "role").Enum, constants(t, "../internal/release", "Role")},
		{"artifact.kind", prop("artifact", "kind").Enum, constants(t, "../internal/release", "Kind")},
	} {
		var got []string
		for _, v := range tt.got {
			got = append(got, v.(string))
		}
		slices.Sort(got)
		slices.Sort(tt.want)
		if diff := cmp.Diff(tt.want, got); diff != "" || len(got) == 0 {
			t.Errorf("%s: the schema's values are not the code's (-code +schema):\n%s", tt.name, diff)
		}
	}
	// Every status is explained.
	for _, def := range []string{"pgp", "sigstore"} {
		p := prop(def, "status")
		for _, v := range p.Enum {
			if !strings.Contains(p.Description, v.(string)+":") {
				t.Errorf("%s.status: %s is not explained", def, v)
			}
		}
	}
}

func marshal(v interface{ MarshalText() ([]byte, error) }) (string, error) {
	b, err := v.MarshalText()
	return string(b), err
}

// values returns the names of all values of an enumeration of small numbers.
func values(name func(int) (string, error)) (list []string) {
	for i := range 256 {
		if s, err := name(i); err == nil {
			list = append(list, s)
		}
	}
	return list
}

func anys(list []string) (out []any) {
	for _, s := range list {
		out = append(out, s)
	}
	return out
}

// constants returns the values of the string constants of a type, as they
// stand in the source of its package.
func constants(t *testing.T, dir, typ string) (list []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok {
				return true
			}
			if id, ok := spec.Type.(*ast.Ident); !ok || id.Name != typ {
				return true
			}
			for _, v := range spec.Values {
				if lit, ok := v.(*ast.BasicLit); ok {
					s, err := strconv.Unquote(lit.Value)
					if err != nil {
						t.Fatal(err)
					}
					list = append(list, s)
				}
			}
			return true
		})
	}
	return list
}

func TestReadRoundTrip(t *testing.T) {
	for name, d := range documents() {
		out := render(t, JSON, d)
		got, err := Read(strings.NewReader(out))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(d, got); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
		if again := render(t, JSON, got); again != out {
			t.Errorf("%s: written again, it differs:\n%s", name, cmp.Diff(out, again))
		}
	}
}

// JSON keeps strings as they are, and shows nothing invisible.
func TestJSONEscapes(t *testing.T) {
	for _, s := range hostile {
		out := render(t, JSON, New(hostileRun(s)))
		checkVisible(t, out)
		var doc struct {
			Unrecognised []struct{ Path string }
		}
		if err := json.Unmarshal([]byte(out), &doc); err != nil {
			t.Errorf("%q: %v", s, err)
			continue
		}
		if got := doc.Unrecognised[0].Path; got != text(s) {
			t.Errorf("%q came out as %q", s, got)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	good := render(t, JSON, New(sampleRun()))
	edit := func(old, new string) string {
		out := strings.Replace(good, old, new, 1)
		if out == good {
			t.Fatalf("%s is not in the sample", old)
		}
		return out
	}
	for _, tt := range []struct{ name, in, want string }{
		{"empty", "", "it is empty"},
		{"blank", " \n", "it is empty"},
		{"HTML", "<!DOCTYPE html>", "invalid character '<'"},
		{"a list", "[]", "cannot unmarshal array"},
		{"null", "null", "it has no schemaVersion"},
		{"other JSON", `{"mediaType": "x"}`, `it has no schemaVersion; schema version "1" is needed`},
		{"newer", `{"schemaVersion": "2", "generator": {"name": "migrate", "version": "9.1"}, "new": {}}`,
			`it has schema version "2" and this program reads "1": use the program that wrote it (migrate 9.1)`},
		{"version a number", edit(`"schemaVersion": "1"`, `"schemaVersion": 1`), "cannot unmarshal number"},
		{"not UTF-8", edit(`"demo/mirror"`, "\"\xff\""), "it is not valid UTF-8"},
		{"truncated", good[:len(good)/2], "unexpected end of JSON input"},
		{"trailing data", good + "{}", "after top-level value"},
		{"unknown field", edit(`"offline": true`, `"offline": true, "onlime": 1`), `the report has a field "onlime", which schema version 1 does not know`},
		{"unknown field, deep", edit(`"san":`, `"sam": "", "san":`), `.sigstore.identity has a field "sam"`},
		{"other case", edit(`"offline": true`, `"Offline": true`), `the report has a field "Offline"`},
		{"twice", edit(`"offline": true`, `"offline": true, "offline": false`), `the report has the field "offline" twice`},
		{"twice in a map", edit(`"conflict": 0`, `"conflict": 0, "conflict": 0`), `has the field "conflict" twice`},
		{"left out", edit(`"offline": true,`, ``), `the report lacks the field "offline"`},
		{"null field", edit(`"offline": true`, `"offline": null`), "the report.offline is null"},
		{"null in a list", edit(`"demo/mirror"`, `null`), "the report.sources[0] is null"},
		{"object for a string", edit(`"demo/mirror"`, `{}`), "the report.sources[0] is not a single value"},
		{"string for an object", edit(`"generator": {`, `"generator": "migrate", "trust": {`), "cannot unmarshal string"},
		{"verdict", edit(`"verdict": "conflict"`, `"verdict": "fine"`), "fine"},
		{"PGP status", edit(`"status": "bad"`, `"status": "great"`), `no such PGP status: "great"`},
		{"readiness", edit(`"readiness": "not-ready"`, `"readiness": "soon"`), "soon"},
		{"level", edit(`"level": "error"`, `"level": "fatal"`), "fatal"},
		{"count key", edit(`"conflict": 0`, `"clash": 0, "conflict": 0`), "clash"},
		{"not UTC", edit(`"2026-08-06T09:30:00Z"`, `"2026-08-06T09:30:00+00:00"`), "is not in UTC"},
		{"not a time", edit(`"2026-08-06T09:30:00Z"`, `"today"`), "parsing time"},
		{"verdict changed", edit(`"verdict": "conflict"`, `"verdict": "equivalent"`), "its numbers do not agree with its artifacts"},
		{"level changed", edit(`"level": "error"`, `"level": "note"`), "its numbers do not agree with its artifacts"},
		{"summary changed", edit(`"troubles": 1`, `"troubles": 0`), "its numbers do not agree with its artifacts"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d, err := Read(strings.NewReader(tt.in))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got error %v, want one that says %q", err, tt.want)
			}
			if d != nil {
				t.Error("a document beside the error")
			}
			if err != nil && strings.Contains(err.Error(), "\n") {
				t.Errorf("an error of several lines: %q", err)
			}
		})
	}
}

func TestReadLimit(t *testing.T) {
	good := render(t, JSON, New(sampleRun()))
	if _, err := read(strings.NewReader(good), int64(len(good))); err != nil {
		t.Errorf("at the limit: %v", err)
	}
	_, err := read(strings.NewReader(good), int64(len(good))-1)
	if err == nil || !strings.Contains(err.Error(), "larger than") {
		t.Errorf("over the limit: got error %v", err)
	}
}

// What Read accepts can be rendered, and reads as the same when it is written.
func FuzzRead(f *testing.F) {
	seeds := documents()
	delete(seeds, "big") // says nothing that others do not, slowly
	if len(seeds) < 10 {
		f.Fatalf("only %d seeds", len(seeds))
	}
	for _, d := range seeds {
		f.Add([]byte(render(f, JSON, d)))
	}
	f.Add([]byte(`{"schemaVersion":"1"}`))
	f.Add([]byte(`{"schemaVersion":"2"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := Read(bytes.NewReader(data))
		if err != nil {
			return
		}
		again, err := Read(strings.NewReader(render(t, JSON, d)))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(d, again); diff != "" {
			t.Fatal(diff)
		}
		checkVisible(t, render(t, Markdown, d))
		out := render(t, renderers["table"], d)
		checkVisible(t, out)
		checkWidth(t, out, 80)
	})
}
