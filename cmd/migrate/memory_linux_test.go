package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
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
	var out, problems strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &problems
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	peak := make(chan int64)
	go func() { peak <- peakMemory(cmd.Process.Pid) }()
	_ = cmd.Wait() // the sidecars are another file's, so the status is not 0
	rss := <-peak
	if !strings.Contains(out.String(), `"size": 2147483648`) {
		t.Fatalf("the artifact was not read to its end:\n%s%s", &out, &problems)
	}
	if !strings.Contains(out.String(), `"status": "digest-mismatch"`) {
		t.Errorf("the bundle was not judged:\n%s", &out)
	}
	t.Logf("resident memory: %d MiB at most", rss>>20)
	if rss == 0 {
		t.Error("the memory was not measured")
	}
	if rss > limit {
		t.Errorf("%d MiB of resident memory, want less than %d", rss>>20, limit>>20)
	}
}

// peakMemory returns the most resident memory a process had, in bytes, asked of
// the kernel until it ends. What wait4 says of a child begins with the memory of
// the parent that forked it.
func peakMemory(pid int) int64 {
	var peak int64
	for {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		if err != nil {
			return peak
		}
		found := false
		for line := range strings.Lines(string(status)) {
			var kib int64
			if _, err := fmt.Sscanf(line, "VmHWM: %d kB", &kib); err == nil {
				peak, found = max(peak, kib<<10), true
			}
		}
		if !found {
			return peak // it has ended, and nobody has waited for it yet
		}
		time.Sleep(20 * time.Millisecond)
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
