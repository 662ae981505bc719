package cycle

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"migrate/internal/release"
)

// MaxSize is the largest release-cycle file that Parse takes, in bytes: twenty
// times what the API has sent.
const MaxSize = 64 << 10

const (
	maxRows = 200 // CPython's series, for the next century and a half
	maxPEP  = 99999
	maxText = 200 // bytes of a release manager
	maxShow = 40  // bytes of a text from outside in an error
)

// Parse reads release-cycle data in the shape of the PEPs' API: an object with
// a row for each series,
//
//	"3.13": {"branch": "3.13", "pep": 719, "status": "bugfix", "first_release": "2024-10-07",
//	         "end_of_life": "2029-10", "release_manager": "Thomas Wouters"}
//
// The source is for reports and errors. A row whose name is no series is passed
// over and listed (see Unrecognised), and so are unknown fields, without being
// listed. Everything else that is not as it should be is an error that names
// the row, for half a cycle would say of the other half that nothing is known.
//
// A status may be empty: the API has it so before the development of a series
// begins.
func Parse(source string, data []byte) (*Cycle, error) {
	c, err := parse(data)
	if err != nil {
		return nil, fmt.Errorf("release cycle of %s: %w", source, err)
	}
	c.source, c.sha256 = source, digest(data)
	return c, nil
}

func parse(data []byte) (*Cycle, error) {
	switch {
	case len(data) > MaxSize:
		return nil, fmt.Errorf("larger than %d bytes", MaxSize)
	case !utf8.Valid(data):
		return nil, errors.New("not valid UTF-8")
	}
	rows, err := object(data)
	switch {
	case err != nil:
		return nil, err
	case len(rows) > maxRows:
		return nil, fmt.Errorf("more than %d rows", maxRows)
	}
	c := &Cycle{rows: make(map[release.Series]Row, len(rows))}
	for _, m := range rows {
		s, err := release.ParseSeries(m.name)
		if err != nil {
			c.unrecognised = append(c.unrecognised, m.name)
			continue
		}
		if c.rows[s], err = parseRow(m.value); err != nil {
			return nil, fmt.Errorf("row %s: %w", s, err)
		}
	}
	if len(c.rows) == 0 {
		return nil, errors.New("it has no series")
	}
	return c, nil
}

func parseRow(data []byte) (Row, error) {
	members, err := object(data)
	if err != nil {
		return Row{}, err
	}
	var r Row
	var branch string
	fields := map[string]func(json.RawMessage) error{
		"branch":          func(v json.RawMessage) error { return text(v, &branch) },
		"release_manager": func(v json.RawMessage) error { return text(v, &r.ReleaseManager) },
		"first_release":   func(v json.RawMessage) error { return date(v, &r.FirstRelease) },
		"end_of_life":     func(v json.RawMessage) error { return date(v, &r.EndOfLife) },
		"status":          func(v json.RawMessage) error { return status(v, &r.Status) },
		"pep":             func(v json.RawMessage) error { return pep(v, &r.PEP) },
	}
	for _, m := range members {
		read, ok := fields[m.name]
		if !ok {
			continue
		}
		if err := read(m.value); err != nil {
			return Row{}, fmt.Errorf("%s: %w", m.name, err)
		}
		delete(fields, m.name)
	}
	if len(fields) > 0 {
		return Row{}, fmt.Errorf("it lacks %s", slices.Sorted(maps.Keys(fields))[0])
	}
	if r.EndOfLife.End().Before(r.FirstRelease.End()) {
		return Row{}, fmt.Errorf("its end of life, %s, is before its first release, %s", r.EndOfLife, r.FirstRelease)
	}
	return r, nil
}

// member is one member of a JSON object.
type member struct {
	name  string
	value json.RawMessage
}

// object returns the members of a JSON object in their order, and an error for
// anything else, for a name given twice and for data after it.
func object(data []byte) ([]member, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return nil, fmt.Errorf("not a JSON object: %s", quoted(string(data)))
	}
	var members []member
	seen := make(map[string]bool)
	for dec.More() {
		t, err := dec.Token()
		if err != nil {
			return nil, err
		}
		m := member{name: t.(string)} // the decoder lets nothing else through
		if seen[m.name] {
			return nil, fmt.Errorf("%s is there twice", quoted(m.name))
		}
		seen[m.name] = true
		if err := dec.Decode(&m.value); err != nil {
			return nil, fmt.Errorf("%s: %w", quoted(m.name), err)
		}
		members = append(members, m)
	}
	if _, err := dec.Token(); err != nil {
		return nil, fmt.Errorf("cut short: %w", err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, errors.New("there is more data after its end")
	}
	return members, nil
}

// text reads a string. A null, which encoding/json would take for "", is none.
func text(v json.RawMessage, out *string) error {
	if len(v) == 0 || v[0] != '"' {
		return fmt.Errorf("%s is not a string", quoted(string(v)))
	}
	if err := json.Unmarshal(v, out); err != nil {
		return err
	}
	if len(*out) > maxText {
		return fmt.Errorf("%s is longer than %d bytes", quoted(*out), maxText)
	}
	return nil
}

func date(v json.RawMessage, out *Date) error {
	var s string
	err := text(v, &s)
	if err == nil {
		*out, err = ParseDate(s)
	}
	return err
}

func status(v json.RawMessage, out *Status) error {
	var s string
	if err := text(v, &s); err != nil {
		return err
	}
	if *out = Status(s); s != "" && !slices.Contains(statuses, *out) {
		var names []string
		for _, s := range statuses {
			names = append(names, string(s))
		}
		return fmt.Errorf("no such status: %s (want one of %s)", quoted(s), strings.Join(names, ", "))
	}
	return nil
}

func pep(v json.RawMessage, out *int) error {
	if err := json.Unmarshal(v, out); err != nil || *out < 1 || *out > maxPEP {
		return fmt.Errorf("%s is not the number of a PEP", quoted(string(v)))
	}
	return nil
}

// quoted shows the beginning of a text from outside, as one visible line.
func quoted(s string) string {
	if len(s) > maxShow {
		return fmt.Sprintf("%+q...", s[:maxShow])
	}
	return fmt.Sprintf("%+q", s)
}
