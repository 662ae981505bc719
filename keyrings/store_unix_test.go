//go:build unix

package keyrings

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// fullEnv makes a writer's files take no more than a few bytes, as on a full
// disk.
const fullEnv = "MIGRATE_TEST_FULL"

func limitFiles() error {
	if os.Getenv(fullEnv) == "" {
		return nil
	}
	return syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 100, Max: 100})
}

// TestStoreFull: where the disk is full in the middle of a copy, nothing of it
// stays.
func TestStoreFull(t *testing.T) {
	parent := t.TempDir()
	dir := filepath.Join(parent, "migrate", "keys")
	cmd, out := writer(t, dir, fullEnv+"=1")
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if !strings.Contains(out.String(), "ERROR key cache: write ") || !strings.Contains(out.String(), "file too large") {
		t.Errorf("the writer said\n%s", out)
	}
	if all := entries(t, dir); len(all) != 0 {
		t.Errorf("in the folder: %q", all)
	}
	if all := entries(t, filepath.Dir(dir)); len(all) != 1 {
		t.Errorf("beside the folder: %q", all)
	}
}
