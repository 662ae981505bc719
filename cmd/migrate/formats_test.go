package main

import (
	"fmt"
	"io"
	"path/filepath"
	"testing"
	"time"
)

// TestExitStatusOfEveryFormat holds every format to one exit status, at every
// level, whether a run is rendered or a saved report.
func TestExitStatusOfEveryFormat(t *testing.T) {
	demo := filepath.FromSlash("../../testdata/demo")
	home := t.TempDir()
	for name, value := range map[string]string{
		"HOME": home, "XDG_CONFIG_HOME": home, "XDG_CACHE_HOME": home,
		"MIGRATE_ROSTER":       filepath.Join(demo, "roster.yaml"),
		"MIGRATE_TRUSTED_ROOT": filepath.Join(demo, "trusted_root.json"),
		"MIGRATE_KEYRING":      filepath.Join(demo, "keys"),
		"MIGRATE_AT":           "2026-01-15T12:00:00Z",
	} {
		t.Setenv(name, value)
	}
	migrate := func(args ...string) int {
		return execute(t.Context(), args, streams{io.Discard, io.Discard}, time.Now)
	}
	for folder, want := range map[string][3]int{ // at note, warning, error
		"3.14.0": {0, 0, 0},
		"3.9.20": {1, 1, 0},
		"3.11.9": {1, 1, 1},
		"3.13.6": {2, 2, 2},
	} {
		place := filepath.Join(demo, "mirror", folder)
		saved := filepath.Join(t.TempDir(), "saved.json")
		if got := migrate("report", "--format=json", "-o", saved, place); got != want[2] {
			t.Errorf("%s: exit status %d, want %d", place, got, want[2])
		}
		for _, f := range formats() {
			for i, level := range []string{"note", "warning", "error"} {
				for _, arg := range []string{place, saved} {
					t.Run(fmt.Sprint(folder, f.name, level, filepath.Base(arg)), func(t *testing.T) {
						if got := migrate("report", "--format", f.name, "--fail-on", level, arg); got != want[i] {
							t.Errorf("exit status %d, want %d", got, want[i])
						}
					})
				}
			}
		}
	}
}
