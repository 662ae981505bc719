package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestMemoryDoesNotGrowWithTheArtifact verifies an artifact of 2 GiB, with both
// sidecars, so that every hash state is fed.
func TestMemoryDoesNotGrowWithTheArtifact(t *testing.T) {
	if testing.Short() {
		t.Skip("hashes 2 GiB")
	}
	const (
		size  = 2 << 30
		limit = 100 << 20
	)
	dir := t.TempDir()
	// The program as it is built for users: the race detector has a memory
	// of its own.
	program := filepath.Join(dir, "migrate")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	artifact := filepath.Join(dir, "Python-3.13.5.tar.xz")
	f, err := os.Create(artifact)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Truncate(size); err != nil { // sparse: it takes no room
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	vectors := filepath.FromSlash("../../testdata/demo/mirror")
	for _, suffix := range []string{".asc", ".sigstore"} {
		data := firstFile(t, vectors, suffix)
		if err := os.WriteFile(artifact+suffix, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(program, "report", "--format=json", artifact)
	home := t.TempDir()
	cmd.Env = append(os.Environ(), "HOME="+home, "XDG_CONFIG_HOME="+home, "XDG_CACHE_HOME="+home)
	var problems strings.Builder
	cmd.Stderr = &problems
	out, _ := cmd.Output() // the sidecars are another file's, so the status is not 0
	if !strings.Contains(string(out), `"size": 2147483648`) {
		t.Fatalf("the artifact was not read to its end:\n%s%s", out, &problems)
	}
	if !strings.Contains(string(out), `"status": "digest-mismatch"`) {
		t.Errorf("the bundle was not judged:\n%s", out)
	}
	rss := cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss << 10
	t.Logf("resident memory: %d MiB at most", rss>>20)
	if rss > limit {
		t.Errorf("%d MiB of resident memory, want less than %d", rss>>20, limit>>20)
	}
}

// firstFile returns the first file below dir whose name ends so.
func firstFile(t *testing.T, dir, suffix string) []byte {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*", "*"+suffix))
	if err != nil || len(files) == 0 {
		t.Fatalf("no %s below %s: %v", suffix, dir, err)
	}
	data, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	return data
}
