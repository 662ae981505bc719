package source

import (
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"migrate/internal/release"
)

// childEnv names the folder in which a test is to do its work with little room.
const childEnv = "MIGRATE_TEST_STORE"

// TestStoreFull saves where the disk is full in the middle of a file, for which
// files stand that may have no more than 100 bytes: nothing of it stays, what
// was saved before does, and small files still are.
func TestStoreFull(t *testing.T) {
	const file = "Python-3.13.5.tgz"
	if dir := os.Getenv(childEnv); dir != "" {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 100, Max: 100}); err != nil {
			t.Fatal(err)
		}
		it := keep(t, openStore(t, dir), file, text(strings.Repeat("x", 1000)), 1000,
			map[release.Sidecar]File{release.Asc: {Location: "x/" + file + ".asc", Open: text("new signature")}})
		for name, open := range map[string]Opener{file: it.Open, file + ".asc": it.Sidecars[release.Asc].Open} {
			r, err := open(t.Context())
			if err == nil {
				_, err = io.ReadAll(r)
				r.Close()
			}
			t.Logf("%s: %v", name, err)
		}
		return
	}
	dir := write(t, "3.13.5/"+file, "3.13.5/"+file+".asc")
	cmd := exec.Command(os.Args[0], "-test.run=^TestStoreFull$", "-test.v")
	cmd.Env = append(os.Environ(), childEnv+"="+dir)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{
		file + `: 3.13.5/` + file + ` cannot be saved in "` + dir + `": file too large: make room or name another folder`,
		file + `.asc: <nil>`,
	} {
		if !strings.Contains(string(out), want) {
			t.Errorf("want %s, got\n%s", want, out)
		}
	}
	wantTree(t, dir, map[string]string{"3.13.5/" + file: "content of " + file, "3.13.5/" + file + ".asc": "content of " + file + ".asc"}) // the old set stays whole
}

// TestReadError has a file of which every read fails.
func TestReadError(t *testing.T) {
	r, err := openRegular("/proc/self", "mem")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	const want = "cannot be read to its end: input/output error: check the disk it lies on"
	if data, err := io.ReadAll(r); len(data) > 0 || err == nil || err.Error() != want {
		t.Errorf("%d bytes, error %v, want %s", len(data), err, want)
	}
}
