package report

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"migrate/compare"
	"migrate/internal/release"
	"migrate/sigstore"
)

// checkSchema holds data to the document's schema, which knows what the Go
// types do not: the values of enumerations, the form of digests, that no count
// is negative.
//
// A value of any type takes many times the memory of its text, so the artifacts
// are looked at one by one. That data is an object whose artifacts are a list
// has been seen.
func checkSchema(data []byte) error {
	document, err := reportSchema()
	if err != nil {
		return err
	}
	artifact, err := artifactSchema()
	if err != nil {
		return err
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	if _, err := dec.Token(); err != nil {
		return err
	}
	rest := make(map[string]json.RawMessage)
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return err
		}
		if name != "artifacts" {
			var value json.RawMessage
			if err := dec.Decode(&value); err != nil {
				return err
			}
			rest[name.(string)] = value
			continue
		}
		if _, err := dec.Token(); err != nil {
			return err
		}
		for i := 0; dec.More(); i++ {
			var value json.RawMessage
			if err := dec.Decode(&value); err != nil {
				return err
			}
			if err := fits(artifact, value, fmt.Sprintf("/artifacts/%d", i)); err != nil {
				return err
			}
		}
		if _, err := dec.Token(); err != nil {
			return err
		}
		rest["artifacts"] = json.RawMessage("[]")
	}
	frame, err := json.Marshal(rest)
	if err != nil {
		return err
	}
	return fits(document, frame, "")
}

// fits holds one value to a schema. at is where it stands in the document.
func fits(form *jsonschema.Schema, data []byte, at string) error {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		return err
	}
	var invalid *jsonschema.ValidationError
	switch err := form.Validate(value); {
	case err == nil:
		return nil
	case !errors.As(err, &invalid):
		return err
	}
	for len(invalid.Causes) > 0 {
		invalid = invalid.Causes[0]
	}
	for _, part := range invalid.InstanceLocation {
		at += "/" + part
	}
	return fmt.Errorf("%s: %s", Escape(cmp.Or(at, "/")), Escape(invalid.BasicOutput().Error.String()))
}

// The document's schema and that of an artifact in it, compiled once.
var (
	reportSchema   = sync.OnceValues(func() (*jsonschema.Schema, error) { return compiled(schema, "") })
	artifactSchema = sync.OnceValues(func() (*jsonschema.Schema, error) { return compiled(schema, "#/$defs/artifact") })
)

// compiled compiles a schema of this package, or the part of it that a fragment
// names.
func compiled(text []byte, fragment string) (*jsonschema.Schema, error) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	const name = "mem:schema"
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	if err := c.AddResource(name, doc); err != nil {
		return nil, err
	}
	return c.Compile(name + fragment)
}

// check holds the lists of a document to each other: a series that was taken
// out would take its answer along.
func (d *Document) check() error {
	listed := make(map[string]bool, len(d.Series))
	for _, s := range d.Series {
		if listed[s.Series] {
			return fmt.Errorf("it judges series %s twice: it was edited; make it again", s.Series)
		}
		listed[s.Series] = true
	}
	if !slices.IsSortedFunc(d.Series, func(a, b Series) int { return seriesOrder(a.Series, b.Series) }) {
		return errors.New("its series are not in their order: it was edited; make it again")
	}
	for i := range d.Artifacts {
		a := &d.Artifacts[i]
		v, err := release.ParseVersion(a.Version)
		switch {
		case err != nil:
			return fmt.Errorf("artifact %s: %w", Escape(a.Name), err)
		case v.String() != a.Version || v.Series().String() != a.Series:
			return fmt.Errorf("artifact %s is of version %s, and not of series %s: it was edited; make it again", Escape(a.Name), Escape(a.Version), a.Series)
		case !listed[a.Series] && v != release.Version{}: // a name that is not CPython's is of no series
			return fmt.Errorf("artifact %s is of series %s, which it does not judge: it was edited; make it again", Escape(a.Name), a.Series)
		}
	}
	return nil
}

// checkVerdicts holds each verdict to what was found, and its series' readiness
// to the verdict: a report that was edited must not say yes where its own
// evidence says no. That the evidence is true, only the artifacts can show.
func (d *Document) checkVerdicts() error {
	readiness := make(map[string]compare.Readiness, len(d.Series))
	for _, s := range d.Series {
		readiness[s.Series] = s.Readiness
	}
	good := make(map[string]bool, len(d.Series))
	for i := range d.Artifacts {
		a := &d.Artifacts[i]
		e, err := a.evidence()
		if err != nil {
			return fmt.Errorf("artifact %s: %w", Escape(a.Name), err)
		}
		if !compare.Possible(e, a.Verdict) {
			return fmt.Errorf("artifact %s is called %s, which is not what was found: it was edited; make it again", Escape(a.Name), a.Verdict)
		}
		if a.Expected.Recalled != "" {
			continue
		}
		moved := (a.Verdict == compare.Equivalent || a.Verdict == compare.SigstoreOnly) && a.Sigstore.Status == sigstore.Good
		good[a.Series] = good[a.Series] || moved
		if readiness[a.Series] == compare.Ready && !moved {
			return fmt.Errorf("series %s is called ready, with an artifact in it that is %s: it was edited; make it again", a.Series, a.Verdict)
		}
		refused := a.Verdict == compare.Conflict || a.Verdict == compare.Failed
		if r, ok := readiness[a.Series]; ok && refused && r != compare.NotReady {
			return fmt.Errorf("series %s is called %s, with a %s in it: it was edited; make it again", a.Series, r, a.Verdict)
		}
	}
	for _, s := range d.Series {
		if (s.Readiness == compare.Ready || s.Readiness == compare.ReadyWithGaps) && !good[s.Series] {
			return fmt.Errorf("series %s is called %s, and no artifact in it has a good bundle: it was edited; make it again", s.Series, s.Readiness)
		}
	}
	return nil
}
