package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/viper"

	"migrate/report"
)

// demoPlan is the audit of the demonstration mirror.
func demoPlan(t *testing.T, out io.Writer) (*app, *plan) {
	t.Helper()
	demo := filepath.FromSlash("../../testdata/demo")
	a := &app{streams: streams{out: out, err: io.Discard}, now: time.Now, config: viper.New()}
	for name, value := range map[string]any{
		"roster":       filepath.Join(demo, "roster.yaml"),
		"trusted-root": filepath.Join(demo, "trusted_root.json"),
		"keyring":      filepath.Join(demo, "keys"),
		"at":           "2026-01-15T12:00:00Z",
		"jobs":         3,
	} {
		a.config.Set(name, value)
	}
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	p, err := a.prepare(t.Context(), []string{filepath.Join(demo, "mirror")})
	if err != nil {
		t.Fatal(err)
	}
	if len(p.items) < 5 {
		t.Fatalf("only %d artifacts", len(p.items))
	}
	return a, p
}

func jsonl(t *testing.T) format {
	t.Helper()
	list := formats()
	i := slices.IndexFunc(list, func(f format) bool { return f.stream != nil })
	if i < 0 || list[i].name != "jsonl" {
		t.Fatal("jsonl is not streamed")
	}
	return list[i]
}

// TestJSONLStreams holds back each artifact until the line of the one before
// has been read.
func TestJSONLStreams(t *testing.T) {
	r, w := io.Pipe()
	a, p := demoPlan(t, w)
	f := jsonl(t)
	patience := time.Now().Add(20 * time.Second)
	release := make([]chan struct{}, len(p.items))
	for i := range p.items {
		release[i] = make(chan struct{})
		open := p.items[i].Open
		p.items[i].Open = func(ctx context.Context) (io.ReadCloser, error) {
			select {
			case <-release[i]:
				return open(ctx)
			case <-time.After(time.Until(patience)):
				return nil, errors.New("nobody read the line of the artifact before")
			}
		}
	}
	type result struct {
		doc *report.Document
		err error
	}
	done := make(chan result, 1)
	go func() {
		doc, err := a.stream(context.Background(), p, f)
		w.CloseWithError(err)
		done <- result{doc, err}
	}()

	var lines bytes.Buffer
	dec := json.NewDecoder(io.TeeReader(r, &lines))
	next := func() (line struct{ Type, Name, Trouble string }) {
		t.Helper()
		if err := dec.Decode(&line); err != nil {
			t.Fatal(err)
		}
		return line
	}
	if l := next(); l.Type != "header" {
		t.Fatalf("the first line is %s", l.Type)
	}
	for i, item := range p.items {
		close(release[i])
		if l := next(); l.Type != "artifact" || l.Name != item.Name.File || l.Trouble != "" {
			t.Fatalf("line %d is %+v, want the artifact %s", i+1, l, item.Name.File)
		}
	}
	last := ""
	for dec.More() {
		last = next().Type
	}
	if last != "summary" {
		t.Errorf("the last line is %s", last)
	}
	end := <-done
	if end.err != nil {
		t.Fatal(end.err)
	}

	// The saved report gives the same lines.
	var saved, again bytes.Buffer
	if err := report.JSON(&saved, end.doc); err != nil {
		t.Fatal(err)
	}
	doc, err := report.Read(&saved)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.render(a, &again, doc); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(lines.String(), again.String()); diff != "" {
		t.Errorf("the saved report gives other lines:\n%s", diff)
	}
	if !strings.Contains(again.String(), `{"type":"findings"`) {
		t.Error("no findings of neighbours among the lines: the demonstration should have some")
	}
}

// A reader that goes away ends the run: before the header nothing is read at
// all, after the first artifact the run ends with the writer's error.
func TestJSONLReaderGone(t *testing.T) {
	for _, lines := range []int{0, 2} {
		r, w := io.Pipe()
		a, p := demoPlan(t, w)
		p.auditor.Jobs = 1
		opened := 0
		for i := range p.items {
			open := p.items[i].Open
			p.items[i].Open = func(ctx context.Context) (io.ReadCloser, error) { opened++; return open(ctx) }
		}
		gone := errors.New("reader gone")
		go func() {
			dec := json.NewDecoder(r)
			for range lines {
				var line json.RawMessage
				if err := dec.Decode(&line); err != nil {
					t.Error(err)
				}
			}
			r.CloseWithError(gone)
		}()
		if _, err := a.stream(t.Context(), p, jsonl(t)); !errors.Is(err, gone) {
			t.Errorf("after %d lines: got error %v", lines, err)
		}
		if lines == 0 && opened > 0 {
			t.Errorf("%d artifacts were read though the header could not be written", opened)
		}
	}
}

// An output file is whole or not there, whatever was written of it already.
func TestJSONLOutputWhole(t *testing.T) {
	a, p := demoPlan(t, io.Discard)
	dir := t.TempDir()
	file := filepath.Join(dir, "report.jsonl")
	a.config.Set("output", file)
	last := &p.items[len(p.items)-1]
	last.Open = func(context.Context) (io.ReadCloser, error) {
		// By now there are lines, in a file of another name.
		if _, err := os.Stat(file); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the file is there before it is whole: %v", err)
		}
		return nil, errors.New("denied")
	}
	f := jsonl(t)
	doc, err := a.stream(t.Context(), p, f)
	if err != nil {
		t.Fatal(err)
	}
	if doc.Exit(0) != exitTrouble {
		t.Error("an artifact that could not be read is no trouble")
	}
	data, err := os.ReadFile(file)
	if err != nil || !bytes.Contains(data, []byte(`{"type":"summary"`)) {
		t.Errorf("the file is not whole: %v", err)
	}

	// A failing stream leaves nothing.
	file = filepath.Join(dir, "other.jsonl")
	a.config.Set("output", file)
	broken := f
	broken.stream = func(io.Writer, report.Run) (*report.Stream, error) {
		return report.NewStream(failingWriter{}, report.Run{})
	}
	if _, err := a.stream(t.Context(), p, broken); err == nil {
		t.Error("no error")
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, errors.New("disk full") }

// The plan's order is the document's, on which the lines depend.
func TestPlanOrder(t *testing.T) {
	a, p := demoPlan(t, io.Discard)
	slices.Reverse(p.items)
	if _, err := a.stream(t.Context(), p, jsonl(t)); err == nil || !strings.Contains(err.Error(), "is another in the report than in its line") {
		t.Errorf("artifacts in another order than the report's: got error %v", err)
	}
	_, p = demoPlan(t, io.Discard)
	doc, err := a.audit(t.Context(), p, nil)
	if err != nil {
		t.Fatal(err)
	}
	var got, want []string
	for _, item := range p.items {
		want = append(want, item.Location)
	}
	for i := range doc.Artifacts {
		got = append(got, doc.Artifacts[i].Path)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
