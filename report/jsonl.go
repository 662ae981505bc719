package report

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"

	"migrate/compare"
	"migrate/internal/clients"
)

// JSONL writes the document as JSON Lines: first a header, then a line for each
// artifact, and last what is known only when all have been looked at. The field
// type says what a line is; jsonl.schema.json says what it holds. The last line
// is the summary: without it the lines were cut short.
func JSONL(w io.Writer, d *Document) error {
	s, err := newStream(w, d)
	if err != nil {
		return err
	}
	for i := range d.Artifacts {
		if err := s.artifact(&d.Artifacts[i]); err != nil {
			return err
		}
	}
	return s.Finish(d)
}

// A Stream writes the lines of a run while it goes on. They are those that
// JSONL writes of the document that the run ends with.
type Stream struct {
	w       *bufio.Writer
	signers map[string]Key
	clients *clients.Table
	asked   []clients.Version
	written [][sha256.Size]byte // digests of the artifacts' lines
}

// NewStream writes the header of a run, of which everything but what is found
// out by looking at artifacts has to be known.
func NewStream(w io.Writer, r Run) (*Stream, error) {
	s, err := newStream(w, New(r))
	if err != nil {
		return nil, err
	}
	s.signers, s.clients, s.asked = signersOf(r.Trust), r.Clients, r.Asked
	return s, nil
}

func signersOf(t Trust) map[string]Key {
	signers := make(map[string]Key, len(t.Keys))
	for _, k := range t.Keys {
		signers[k.Fingerprint] = k
	}
	return signers
}

func newStream(w io.Writer, d *Document) (*Stream, error) {
	// Of a *bufio.Writer that is large enough this is the writer itself, so
	// that flushing after each line gets the line all the way out.
	s := &Stream{w: bufio.NewWriter(w)}
	return s, s.line(headerLine{
		Type: "header", SchemaVersion: d.SchemaVersion, Generator: d.Generator, Created: d.Created,
		Offline: d.Offline, Sources: d.Sources, Part: d.Part, Origins: d.Origins, Trust: d.Trust, AskedClients: d.AskedClients,
	})
}

// Artifact writes the line of the next artifact, which has been judged by
// itself. Artifacts come in the order that the document will have.
func (s *Stream) Artifact(a compare.Assessment) error {
	line := newArtifact(compare.AskClients(a, s.clients, s.asked), s.signers)
	return s.artifact(&line)
}

func (s *Stream) artifact(a *Artifact) error {
	line, err := artifactText(a)
	if err != nil {
		return err
	}
	s.written = append(s.written, sha256.Sum256(line))
	return s.write(line)
}

// Finish writes what only the finished document tells. It is an error if the
// document does not have the artifacts that were written, as they were written.
func (s *Stream) Finish(d *Document) error {
	if len(d.Artifacts) != len(s.written) {
		return fmt.Errorf("the report has %d artifacts and %d were written as lines: run again", len(d.Artifacts), len(s.written))
	}
	for i := range d.Artifacts {
		a := &d.Artifacts[i]
		line, err := artifactText(a)
		if err != nil {
			return err
		}
		if sha256.Sum256(line) != s.written[i] {
			return fmt.Errorf("%s is another in the report than in its line: run again", a.Place())
		}
	}
	for _, v := range lastLines(d) {
		if err := s.line(v); err != nil {
			return err
		}
	}
	return nil
}

// lastLines returns the lines that follow the artifacts'.
func lastLines(d *Document) []any {
	var lines []any
	for i := range d.Artifacts {
		a := &d.Artifacts[i]
		if _, added := byNeighbours(a.Findings); len(added) > 0 {
			lines = append(lines, findingsLine{"findings", i, a.Name, a.Path, a.URL, added})
		}
	}
	for _, v := range d.Series {
		lines = append(lines, seriesLine{"series", v})
	}
	for _, v := range d.Unrecognised {
		lines = append(lines, unrecognisedLine{"unrecognised", v})
	}
	for _, v := range d.Troubles {
		lines = append(lines, troubleLine{"trouble", v})
	}
	return append(lines, summaryLine{"summary", d.Summary})
}

// The lines. Each has the fields of the part of the document that it is.
type (
	headerLine struct {
		Type          string        `json:"type"`
		SchemaVersion string        `json:"schemaVersion"`
		Generator     Generator     `json:"generator"`
		Created       Time          `json:"created"`
		Offline       bool          `json:"offline"`
		Sources       []string      `json:"sources"`
		Part          *Part         `json:"part,omitempty"`
		Origins       []Origin      `json:"origins,omitempty"`
		Trust         Trust         `json:"trust"`
		AskedClients  []AskedClient `json:"askedClients,omitempty"`
	}
	artifactLine struct {
		Type string `json:"type"`
		Artifact
	}
	findingsLine struct {
		Type     string    `json:"type"`
		Artifact int       `json:"artifact"` // counts the artifacts' lines from 0
		Name     string    `json:"name"`
		Path     string    `json:"path,omitempty"`
		URL      string    `json:"url,omitempty"`
		Findings []Finding `json:"findings"`
	}
	seriesLine struct {
		Type string `json:"type"`
		Series
	}
	unrecognisedLine struct {
		Type string `json:"type"`
		Unrecognised
	}
	troubleLine struct {
		Type string `json:"type"`
		Trouble
	}
	summaryLine struct {
		Type string `json:"type"`
		Summary
	}
)

// artifactText returns the line of an artifact: with the findings that it has
// by itself, which are all that is known when its turn comes.
func artifactText(a *Artifact) ([]byte, error) {
	line := artifactLine{"artifact", *a}
	line.Findings, _ = byNeighbours(a.Findings)
	return lineText(line)
}

// byNeighbours splits findings into those of an artifact by itself and those
// that show only beside others, which compare.AssessAll adds.
func byNeighbours(findings []Finding) (own, added []Finding) {
	own = make([]Finding, 0, len(findings))
	for _, f := range findings {
		switch f.Code {
		case "compare/same-digest", "sigstore/back-filled":
			added = append(added, f)
		default:
			own = append(own, f)
		}
	}
	return own, added
}

func (s *Stream) line(v any) error {
	line, err := lineText(v)
	if err != nil {
		return err
	}
	return s.write(line)
}

// lineText returns v as one line, everything in it visible.
func lineText(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("writing the report as JSON Lines: %w", err)
	}
	return escapeJSON(b.Bytes()), nil
}

// write gets a line to the reader at once.
func (s *Stream) write(line []byte) error {
	_, err := s.w.Write(line)
	if err == nil {
		err = s.w.Flush()
	}
	if err != nil {
		return fmt.Errorf("writing the report as JSON Lines: %w", err)
	}
	return nil
}
