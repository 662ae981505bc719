package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"migrate/internal/source"
	"migrate/report"
)

// interruptAt makes a plan's run be interrupted when it opens artifact n.
func interruptAt(t *testing.T, p *plan, n int) context.Context {
	ctx, interrupt := context.WithCancelCause(t.Context())
	open := p.items[n].Open
	p.items[n].Open = func(ctx context.Context) (io.ReadCloser, error) {
		interrupt(errors.New("interrupt signal received"))
		return open(ctx)
	}
	p.auditor.Jobs = 1
	return ctx
}

// A run that is interrupted leaves the file that was there, and beside it what
// it had found out, which says that it is a part.
func TestInterruptedRunLeavesWhatWasThere(t *testing.T) {
	for _, f := range formats() {
		t.Run(f.name, func(t *testing.T) {
			a, p := demoPlan(t, io.Discard)
			file := filepath.Join(t.TempDir(), "report")
			if err := os.WriteFile(file, []byte("whole"), 0o600); err != nil {
				t.Fatal(err)
			}
			a.config.Set("output", file)
			doc, err := a.carryOut(interruptAt(t, p, 3), p, f)
			want := fmt.Sprintf("interrupt signal received: what is known of 3 of %d artifacts is in %s.partial.json; "+
				"to go on from there, run again with --baseline %[2]s.partial.json", len(p.items), file)
			if doc != nil || err == nil || err.Error() != want {
				t.Errorf("got a report: %v, and error\n%v, want\n%v", doc != nil, err, want)
			}
			if data, err := os.ReadFile(file); err != nil || string(data) != "whole" {
				t.Errorf("the file now holds %q (%v)", data, err)
			}
			if left, _ := filepath.Glob(filepath.Join(filepath.Dir(file), ".*")); len(left) > 0 {
				t.Errorf("left behind: %q", left)
			}
			partial, err := readReport(file + ".partial.json")
			if err != nil {
				t.Fatal(err)
			}
			if partial.Part == nil || *partial.Part != (report.Part{Selection: "interrupted", Of: len(p.items)}) || len(partial.Artifacts) != 3 {
				t.Errorf("the partial report has %d artifacts and is a part: %+v", len(partial.Artifacts), partial.Part)
			}
		})
	}
}

func TestInterruptedBeforeAnything(t *testing.T) {
	a, p := demoPlan(t, io.Discard)
	file := filepath.Join(t.TempDir(), "report")
	a.config.Set("output", file)
	_, err := a.carryOut(interruptAt(t, p, 0), p, formats()[0])
	if err == nil || err.Error() != "interrupt signal received: no report is written" {
		t.Errorf("got error %v", err)
	}
	if left, _ := os.ReadDir(filepath.Dir(file)); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

func TestInterruptedOnStandardOutput(t *testing.T) {
	var out bytes.Buffer
	a, p := demoPlan(t, &out)
	f, err := formatNamed("json")
	if err != nil {
		t.Fatal(err)
	}
	_, err = a.carryOut(interruptAt(t, p, 2), p, f)
	if err == nil || !strings.HasPrefix(err.Error(), "interrupt signal received: the report is only on 2 of ") {
		t.Errorf("got error %v", err)
	}
	doc, err := report.Read(&out)
	if err != nil {
		t.Fatal(err)
	}
	if len(doc.Artifacts) != 2 || doc.Part == nil || doc.Part.Selection != "interrupted" {
		t.Errorf("%d artifacts, part %+v", len(doc.Artifacts), doc.Part)
	}
}

// A run that can be gone on with keeps what it has got to every minute, and
// removes it once the report is written.
func TestCheckpoint(t *testing.T) {
	a, p := demoPlan(t, io.Discard)
	file := filepath.Join(t.TempDir(), "report.json")
	a.config.Set("output", file)
	now := time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)
	a.now = func() time.Time { return now }
	if a.checkpoint(p).app != nil {
		t.Error("a run that cannot be gone on with has a checkpoint")
	}
	p.items[0].Validators = func(context.Context) (source.Validators, error) { return source.Validators{}, nil }

	evidence := slices.Collect(p.auditor.Run(t.Context(), p.items[:3]))
	c := a.checkpoint(p)
	kept := func() int {
		doc, err := readReport(file + ".partial.json")
		if err != nil {
			return 0
		}
		return len(doc.Artifacts)
	}
	for _, step := range []struct {
		after           time.Duration
		verified, wants int
	}{{59 * time.Second, 1, 0}, {time.Second, 2, 2}, {59 * time.Second, 3, 2}, {time.Second, 3, 3}} {
		now = now.Add(step.after)
		if err := c.at(evidence[:step.verified]); err != nil {
			t.Fatal(err)
		}
		if got := kept(); got != step.wants {
			t.Errorf("at %s, with %d verified, %d are kept, want %d", now, step.verified, got, step.wants)
		}
	}
	c.drop()
	if left, _ := filepath.Glob(file + "*"); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}

	a.now = func() time.Time { now = now.Add(time.Hour); return now }
	doc, err := a.carryOut(t.Context(), p, formats()[3])
	if err != nil || len(doc.Artifacts) != len(p.items) {
		t.Fatalf("carryOut: %v", err)
	}
	if left, _ := filepath.Glob(file + ".partial*"); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

// What cannot be kept ends the run at once: an hour of work would hang on it.
func TestCheckpointThatCannotBeWritten(t *testing.T) {
	a, p := demoPlan(t, io.Discard)
	dir := filepath.Join(t.TempDir(), "gone")
	a.config.Set("output", filepath.Join(dir, "report.json"))
	now := time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)
	a.now = func() time.Time { now = now.Add(time.Hour); return now }
	p.items[0].Validators = func(context.Context) (source.Validators, error) { return source.Validators{}, nil }
	_, err := a.carryOut(t.Context(), p, formats()[3])
	if err == nil || !strings.Contains(err.Error(), "gone") || !strings.Contains(err.Error(), "no such file or directory") {
		t.Errorf("got error %v", err)
	}
}
