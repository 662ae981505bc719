package report

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"migrate/internal/cycle"
)

// MaxSize is the largest document that Read takes, in bytes: twenty times what
// everything python.org has ever published comes to.
const MaxSize = 256 << 20

//go:embed schema.json
var schema []byte

// Schema returns the JSON Schema (2020-12) of the document.
func Schema() []byte { return bytes.Clone(schema) }

// JSON writes d, indented. Characters that cannot be seen are written as JSON
// escapes, so that a report can be looked at safely with any pager.
func JSON(w io.Writer, d *Document) error {
	if err := writeJSON(w, d); err != nil {
		return fmt.Errorf("writing the report as JSON: %w", err)
	}
	return nil
}

// writeJSON writes one artifact after the other, as there may be many.
func writeJSON(w io.Writer, d *Document) error {
	rest := *d
	rest.Artifacts = []Artifact{}
	frame, err := indented(&rest, "")
	if err != nil {
		return err
	}
	// No string has a line end in it, so this is the field and nothing else.
	before, after, _ := bytes.Cut(frame, []byte("\n  \"artifacts\": []"))
	if _, err := fmt.Fprintf(w, "%s\n  \"artifacts\": [", before); err != nil {
		return err
	}
	for i := range d.Artifacts {
		text, err := indented(&d.Artifacts[i], "    ")
		if err != nil {
			return err
		}
		separator := ",\n    "
		if i == 0 {
			separator = "\n    "
		}
		if _, err := fmt.Fprintf(w, "%s%s", separator, bytes.TrimSuffix(text, []byte("\n"))); err != nil {
			return err
		}
	}
	end := "\n  ]"
	if len(d.Artifacts) == 0 {
		end = "]"
	}
	_, err = fmt.Fprintf(w, "%s%s", end, after)
	return err
}

// indented returns v as JSON, each line but the first after the prefix.
func indented(v any, prefix string) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent(prefix, "  ")
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return escapeJSON(b.Bytes()), nil
}

// escapeJSON puts \u escapes for the invisible characters that encoding/json
// leaves as they are. Those occur only within strings.
func escapeJSON(in []byte) []byte {
	out := make([]byte, 0, len(in))
	done := 0 // bytes of in that are in out
	for i := 0; i < len(in); {
		if c := in[i]; c == '\n' || c >= ' ' && c <= '~' {
			i++
			continue
		}
		r, n := utf8.DecodeRune(in[i:])
		if !visible(r) {
			out = append(out, in[done:i]...)
			for _, u := range utf16.Encode([]rune{r}) {
				out = fmt.Appendf(out, `\u%04x`, u)
			}
			done = i + n
		}
		i += n
	}
	return append(out, in[done:]...)
}

// Read reads a document that JSON wrote. It is strict: a field that this
// version does not know, a field given twice, a null, data after the document,
// a value that the schema does not have, and numbers and series that do not
// agree with the artifacts are errors, since a report that is half understood
// would be half shown.
func Read(r io.Reader) (*Document, error) { return read(r, MaxSize) }

func read(r io.Reader, limit int64) (*Document, error) {
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, fmt.Errorf("reading the report: %w", err)
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("not a report that can be read: it is larger than %d bytes", limit)
	}
	d, err := parse(data)
	if err != nil {
		return nil, fmt.Errorf("not a report that can be read: %w", err)
	}
	return d, nil
}

func parse(data []byte) (*Document, error) {
	switch {
	case len(bytes.TrimSpace(data)) == 0:
		return nil, errors.New("it is empty")
	case !utf8.Valid(data):
		return nil, errors.New("it is not valid UTF-8")
	}
	if err := checkVersion(data); err != nil {
		return nil, err
	}
	c := checker{dec: json.NewDecoder(bytes.NewReader(data)), structs: make(map[reflect.Type]map[string]field)}
	if err := c.value(reflect.TypeFor[Document](), "the report"); err != nil {
		return nil, err
	}
	d := new(Document)
	if err := json.Unmarshal(data, d); err != nil {
		return nil, err
	}
	if err := checkSchema(data); err != nil {
		return nil, err
	}
	if err := d.check(); err != nil {
		return nil, err
	}
	if !d.counted() {
		return nil, errors.New("its numbers do not agree with its artifacts: it was edited, or cut short; make it again")
	}
	if err := d.checkVerdicts(); err != nil {
		return nil, err
	}
	return d, nil
}

// checkVersion comes before everything else, so that a newer report is told
// from a broken one.
func checkVersion(data []byte) error {
	var head struct {
		SchemaVersion string    `json:"schemaVersion"`
		Generator     Generator `json:"generator"`
	}
	err := json.Unmarshal(data, &head)
	var other *json.UnmarshalTypeError
	switch {
	case errors.As(err, &other): // whose text is about Go types
		return fmt.Errorf("it is JSON, but not of migrate report --format json: cannot unmarshal %s", other.Value)
	case err != nil:
		return err
	}
	switch head.SchemaVersion {
	case SchemaVersion:
		return nil
	case "":
		return fmt.Errorf("it has no schemaVersion; schema version %q is needed, as written by migrate report --format json", SchemaVersion)
	}
	by := "it"
	if head.Generator.Version != "" {
		by = Escape(head.Generator.Name + " " + head.Generator.Version)
	}
	return fmt.Errorf("it has schema version %q and this program reads %q: use the program that wrote it (%s), or make the report again",
		head.SchemaVersion, SchemaVersion, by)
}

// checker holds a document to the fields of the Go types, with what
// encoding/json lets pass: other letter case, fields given twice, fields left
// out, null.
type checker struct {
	dec     *json.Decoder
	structs map[reflect.Type]map[string]field // by JSON name
}

type field struct {
	typ      reflect.Type
	optional bool
}

// value takes one value, which is to be a t, from the decoder.
func (c *checker) value(t reflect.Type, at string) error {
	tok, err := c.dec.Token()
	if err != nil {
		return cut(err)
	}
	if tok == nil {
		return fmt.Errorf("%s is null; what is absent is left out", at)
	}
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	object, array := tok == json.Delim('{'), tok == json.Delim('[')
	switch {
	case t == reflect.TypeFor[Time](), t == reflect.TypeFor[cycle.Date](): // a string, like every leaf
	case t.Kind() == reflect.Struct && object:
		return c.object(t, at)
	case t.Kind() == reflect.Map && object:
		return c.object(t, at)
	case t.Kind() == reflect.Slice && array:
		for i := 0; c.dec.More(); i++ {
			if err := c.value(t.Elem(), fmt.Sprintf("%s[%d]", at, i)); err != nil {
				return err
			}
		}
		_, err := c.dec.Token()
		return cut(err)
	}
	if object || array {
		return fmt.Errorf("%s is not %s", at, kindName(t))
	}
	// A leaf. Whether it is of the right kind json.Unmarshal tells; it also
	// refuses data after the document.
	return nil
}

// object takes the fields of t, a struct or a map, and the closing brace.
func (c *checker) object(t reflect.Type, at string) error {
	fields := c.fields(t)
	seen := make(map[string]bool, len(fields))
	for c.dec.More() {
		tok, err := c.dec.Token()
		if err != nil {
			return cut(err)
		}
		name, _ := tok.(string)
		f, ok := fields[name]
		if t.Kind() == reflect.Map {
			f, ok = field{typ: t.Elem()}, true
		}
		switch {
		case !ok:
			return fmt.Errorf("%s has a field %q, which schema version %s does not know", at, name, SchemaVersion)
		case seen[name]:
			return fmt.Errorf("%s has the field %q twice", at, name)
		}
		seen[name] = true
		if err := c.value(f.typ, at+"."+name); err != nil {
			return err
		}
	}
	if _, err := c.dec.Token(); err != nil {
		return cut(err)
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if !fields[name].optional && !seen[name] {
			return fmt.Errorf("%s lacks the field %q", at, name)
		}
	}
	return nil
}

// fields returns the fields of t by their names in JSON; none for a map.
func (c *checker) fields(t reflect.Type) map[string]field {
	if fields, ok := c.structs[t]; ok || t.Kind() != reflect.Struct {
		return fields
	}
	fields := make(map[string]field, t.NumField())
	for i := range t.NumField() {
		f := t.Field(i)
		name, opts, _ := strings.Cut(f.Tag.Get("json"), ",")
		fields[name] = field{typ: f.Type, optional: strings.HasPrefix(opts, "omit")}
	}
	c.structs[t] = fields
	return fields
}

func kindName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Struct, reflect.Map:
		return "an object"
	case reflect.Slice:
		return "a list"
	}
	return "a single value"
}

// cut makes the end of the data in the midst of a value an error that says so.
func cut(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
