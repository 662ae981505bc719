package main

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestInterruptedRunLeavesWhatWasThere: a report of what a run had got to must
// not take the place of a whole one, in any format, streamed or not.
func TestInterruptedRunLeavesWhatWasThere(t *testing.T) {
	for _, f := range formats() {
		t.Run(f.name, func(t *testing.T) {
			a, p := demoPlan(t, io.Discard)
			file := filepath.Join(t.TempDir(), "report")
			if err := os.WriteFile(file, []byte("whole"), 0o600); err != nil {
				t.Fatal(err)
			}
			a.config.Set("output", file)
			ctx, interrupt := context.WithCancelCause(t.Context())
			open := p.items[3].Open
			p.items[3].Open = func(ctx context.Context) (io.ReadCloser, error) {
				interrupt(errors.New("interrupt signal received"))
				return open(ctx)
			}
			var err error
			if f.stream != nil {
				_, err = a.stream(ctx, p, f)
			} else {
				_, err = a.audit(ctx, p, nil)
			}
			if err == nil || !strings.Contains(err.Error(), "interrupt signal received: no report is written") {
				t.Errorf("got error %v", err)
			}
			if data, err := os.ReadFile(file); err != nil || string(data) != "whole" {
				t.Errorf("the file now holds %q (%v)", data, err)
			}
			if left, _ := filepath.Glob(filepath.Join(filepath.Dir(file), ".*")); len(left) > 0 {
				t.Errorf("left behind: %q", left)
			}
		})
	}
}
