package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/spf13/viper"

	"migrate/internal/onlinetest"
	"migrate/report"
)

// program is the program as it is run, on the demo's trust and with a home that
// is empty.
func program(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	demo, err := filepath.Abs("../../testdata/demo")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "migrate", args...) // TestMain puts it there
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "MIGRATE_OFFLINE=true", "MIGRATE_AT=2026-01-15T12:00:00Z",
		"MIGRATE_ROSTER=" + filepath.Join(demo, "roster.yaml"),
		"MIGRATE_TRUSTED_ROOT=" + filepath.Join(demo, "trusted_root.json"),
		"MIGRATE_KEYRING=" + filepath.Join(demo, "keys"),
	}
	return cmd
}

// end is how a program has ended.
type end struct {
	status         int
	signal         syscall.Signal
	stdout, stderr string
}

func finish(t *testing.T, cmd *exec.Cmd) end {
	t.Helper()
	var e end
	var out, errs strings.Builder
	if cmd.Stdout == nil {
		cmd.Stdout = &out
	}
	if cmd.Stderr == nil {
		cmd.Stderr = &errs
	}
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	e.stdout, e.stderr = out.String(), errs.String()
	e.status = cmd.ProcessState.ExitCode()
	if w := cmd.ProcessState.Sys().(syscall.WaitStatus); w.Signaled() {
		e.signal = w.Signal()
	}
	for _, word := range []string{"panic", "goroutine", ".go:"} {
		if strings.Contains(e.stderr, word) {
			t.Errorf("a stack trace on standard error:\n%s", e.stderr)
		}
	}
	return e
}

func demoMirror(t *testing.T, folder string) string {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join("../../testdata/demo/mirror", folder))
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestReaderGone: who reads the report has gone, as head has. The program ends
// as git and grep do, by SIGPIPE and without a word about it.
func TestReaderGone(t *testing.T) {
	mirror := demoMirror(t, "")
	commands := [][]string{
		{"verify", filepath.Join(mirror, "3.12.4", "Python-3.12.4.tgz")}, {"explain"}, {"trust", "show"},
		{"keyrings", "list"}, {"matrix", mirror}, {"--help"}, {"completion", "bash"},
	}
	for _, f := range formats() {
		commands = append(commands, []string{"report", "--format", f.name, mirror})
	}
	for _, args := range commands {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer w.Close()
			r.Close()
			cmd := program(t, args...)
			cmd.Stdout = w
			e := finish(t, cmd)
			if e.signal != syscall.SIGPIPE || strings.Contains(e.stderr, "pipe") {
				t.Errorf("exit status %d, signal %v, stderr %q", e.status, e.signal, e.stderr)
			}
		})
	}
}

// TestDiskFull: where the disk is full while results are written, the status
// says so, and the output file is as it was.
func TestDiskFull(t *testing.T) {
	place := demoMirror(t, "3.12.4")
	for _, f := range formats() {
		t.Run(f.name, func(t *testing.T) {
			device, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer device.Close()
			const full = "no space left on device\n"
			lacks := func(how string, e end, start, reason string) {
				t.Helper()
				if e.status != exitTrouble || e.stdout != "" || !strings.HasPrefix(e.stderr, start) ||
					!strings.HasSuffix(e.stderr, reason) || strings.Count(e.stderr, "\n") != 1 {
					t.Errorf("%s: exit status %d, signal %v, %d bytes, stderr %q", how, e.status, e.signal, len(e.stdout), e.stderr)
				}
			}
			cmd := program(t, "report", "--format", f.name, place)
			cmd.Stdout = device
			lacks("to standard output", finish(t, cmd), "migrate: ", full)
			lacks("to a device", finish(t, program(t, "report", "--format", f.name, "-o", "/dev/full", place)), "migrate: output file /dev/full: ", full)

			// Files that may have 512 bytes (ulimit counts in blocks) stand for
			// a disk that has no more.
			small := func(file string) *exec.Cmd {
				cmd := program(t, "report", "--format", f.name, "-o", file, place)
				cmd.Args = append([]string{"sh", "-c", `ulimit -f 1 && exec "$0" "$@"`, cmd.Path}, cmd.Args[1:]...)
				cmd.Path = "/bin/sh"
				return cmd
			}
			dir := t.TempDir()
			file := filepath.Join(dir, "report")
			lacks("to a new file", finish(t, small(file)), "migrate: output file "+file+": ", "file too large\n")
			if left, _ := os.ReadDir(dir); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
			write(t, file, []byte("before"))
			lacks("to an old file", finish(t, small(file)), "migrate: output file "+file+": ", "file too large\n")
			if left, _ := os.ReadDir(dir); len(left) != 1 || string(read(t, file)) != "before" {
				t.Errorf("left behind: %v, and %q", left, read(t, file))
			}
		})
	}
}

// TestDiskFullForOtherResults has the other commands that can write to a file.
func TestDiskFullForOtherResults(t *testing.T) {
	mirror := demoMirror(t, "")
	saved := filepath.Join(t.TempDir(), "saved.json")
	if e := finish(t, program(t, "report", "--format", "json", "-o", saved, demoMirror(t, "3.12.4"))); e.status != exitOK {
		t.Fatal(e)
	}
	for _, args := range [][]string{
		{"matrix", mirror}, {"matrix", "--for", "gitlab", mirror}, {"merge", saved},
		{"diff", saved, saved}, {"diff", "--format", "json", saved, saved}, {"diff", "--format", "markdown", saved, saved},
	} {
		e := finish(t, program(t, append(args, "-o", "/dev/full")...))
		if e.status != exitTrouble || !strings.HasPrefix(e.stderr, "migrate: output file /dev/full: ") || !strings.HasSuffix(e.stderr, "no space left on device\n") || strings.Count(e.stderr, "\n") != 1 {
			t.Errorf("%q: exit status %d, stderr %q", args, e.status, e.stderr)
		}
	}
}

// unread is a file of which every read fails: nothing lies at address 0.
const unread = "/proc/self/mem"

// TestReadErrors has files that can be opened and not be read, as on a disk that
// fails.
func TestReadErrors(t *testing.T) {
	place := demoMirror(t, "3.12.4")
	const (
		name = "Python-3.12.4.tgz"
		said = "cannot be read to its end: input/output error: check the disk it lies on"
	)
	for _, suffix := range []string{"", ".asc", ".sigstore"} {
		dir := t.TempDir()
		for _, s := range []string{"", ".asc", ".sigstore"} {
			if s != suffix {
				write(t, filepath.Join(dir, name+s), read(t, filepath.Join(place, name+s)))
			} else if err := os.Symlink(unread, filepath.Join(dir, name+s)); err != nil {
				t.Fatal(err)
			}
		}
		for _, f := range formats() {
			e := finish(t, program(t, "report", "--format", f.name, filepath.Join(dir, name)))
			if want := "migrate: " + name + suffix + ": " + said; e.status != exitTrouble || !strings.HasPrefix(e.stderr, want) || strings.Count(e.stderr, "\n") != 1 {
				t.Errorf("%s %s: exit status %d, stderr %q, want %q", f.name, suffix, e.status, e.stderr, want)
			}
			if f.name != "json" {
				continue
			}
			doc, err := report.Read(strings.NewReader(e.stdout))
			if err != nil {
				t.Fatal(err)
			}
			if art := doc.Artifacts[0]; art.Verdict.String() != "unchecked" ||
				(suffix != ".asc") == (suffix != "" && art.PGP.Status.String() != "good") ||
				(suffix != ".sigstore") == (suffix != "" && art.Sigstore.Status.String() != "good") {
				t.Errorf("%s: %s, %s and %s", suffix, art.Verdict, art.PGP.Status, art.Sigstore.Status)
			}
		}
	}

	dir := t.TempDir()
	broken := filepath.Join(dir, "broken.json")
	dsc := filepath.Join(dir, "python3.12_3.12.4-1.dsc")
	for _, file := range []string{broken, dsc} {
		if err := os.Symlink(unread, file); err != nil {
			t.Fatal(err)
		}
	}
	artifact := filepath.Join(place, name)
	for _, args := range [][]string{
		{"report", broken}, {"report", dsc}, {"diff", broken, broken}, {"merge", broken},
		{"report", "--roster", broken, place}, {"report", "--trusted-root", broken, place}, {"report", "--keyring", broken, place},
		{"report", "--config", broken, place}, {"report", "--baseline", broken, place},
		{"verify", "--key", broken, artifact}, {"verify", "--bundle", broken, artifact}, {"verify", "--asc", broken, artifact},
	} {
		e := finish(t, program(t, args...))
		if e.status != exitTrouble || !strings.Contains(e.stderr, "input/output error") || !strings.Contains(e.stderr, dir) || strings.Count(e.stderr, "\n") != 1 {
			t.Errorf("%q: exit status %d, stderr %q", args, e.status, e.stderr)
		}
	}
}

// powerless runs what starts a program so that the program may not pass over
// the modes of files, even if it is root's.
func powerless(t *testing.T, start func()) {
	t.Helper()
	if os.Geteuid() != 0 {
		start()
		return
	}
	const prCapbsetDrop = 24 // PR_CAPBSET_DROP of linux/prctl.h
	refused := make(chan error, 1)
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()                       // for good: the thread ends with this function, and what it gave up with it
		for _, capability := range []uintptr{1, 2} { // CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
			if _, _, err := syscall.RawSyscall(syscall.SYS_PRCTL, prCapbsetDrop, capability, 0); err != 0 {
				refused <- err
				return
			}
		}
		start()
	}()
	<-done
	select {
	case err := <-refused:
		t.Skipf("root may not give up its powers here: %v", err)
	default:
	}
}

// TestUnreadable has files and folders whose modes keep the program out.
func TestUnreadable(t *testing.T) {
	place := demoMirror(t, "3.12.4")
	const name = "Python-3.12.4.tgz"
	for _, tt := range []struct {
		closed string // of the mirror
		mode   os.FileMode
		said   string
	}{
		{"3.12.4/" + name, 0, "migrate: 3.12.4/" + name + ": cannot be opened: permission denied: make it readable\n"},
		{"3.12.4/" + name + ".asc", 0, "migrate: 3.12.4/" + name + ".asc: cannot be opened: permission denied: make it readable (migrate explain pgp/unreadable)\n"},
		{"3.12.4/" + name + ".sigstore", 0, "migrate: 3.12.4/" + name + ".sigstore: cannot be opened: permission denied: make it readable (migrate explain sigstore/unreadable)\n"},
		{"3.12.5", 0, "migrate: 3.12.5: cannot be looked at: permission denied: make it readable\n"},
		{"3.12.5", 0o444, "migrate: 3.12.5/Python-3.12.5.tgz: cannot be looked at: permission denied: make it readable\n"},
	} {
		mirror := t.TempDir()
		for _, folder := range []string{"3.12.4", "3.12.5"} {
			if err := os.Mkdir(filepath.Join(mirror, folder), 0o777); err != nil {
				t.Fatal(err)
			}
		}
		write(t, filepath.Join(mirror, "3.12.5", "Python-3.12.5.tgz"), nil)
		for _, s := range []string{"", ".asc", ".sigstore"} {
			write(t, filepath.Join(mirror, "3.12.4", name+s), read(t, filepath.Join(place, name+s)))
		}
		closed := filepath.Join(mirror, tt.closed)
		if err := os.Chmod(closed, tt.mode); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { os.Chmod(closed, 0o700) })
		cmd := program(t, "report", mirror)
		powerless(t, func() {
			if e := finish(t, cmd); e.status != exitTrouble || e.stderr != tt.said || !strings.Contains(e.stdout, name) {
				t.Errorf("%s: exit status %d, stderr %q", tt.closed, e.status, e.stderr)
			}
		})
	}

	// An output file in a folder that nothing can be put into.
	closed := t.TempDir()
	if err := os.Chmod(closed, 0o500); err != nil {
		t.Fatal(err)
	}
	cmd := program(t, "report", "-o", filepath.Join(closed, "out"), place)
	powerless(t, func() {
		if e := finish(t, cmd); e.status != exitTrouble || e.stderr != "migrate: output file "+filepath.Join(closed, "out")+": permission denied\n" {
			t.Errorf("exit status %d, stderr %q", e.status, e.stderr)
		}
	})
}

// TestSurroundings has environments that a service, a container or a careless
// script makes: the report is what it always is.
func TestSurroundings(t *testing.T) {
	place := demoMirror(t, "3.12.4")
	plain := finish(t, program(t, "report", place))
	if plain.status != exitOK || !strings.Contains(plain.stdout, "equivalent") || plain.stderr != "" {
		t.Fatal(plain)
	}
	file := filepath.Join(t.TempDir(), "file")
	write(t, file, nil)
	loop := filepath.Join(t.TempDir(), "loop")
	if err := os.Symlink(loop, loop); err != nil {
		t.Fatal(err)
	}
	empty := func(dir string) string {
		if err := os.MkdirAll(filepath.Join(t.TempDir(), dir), 0o700); err != nil {
			t.Fatal(err)
		}
		return filepath.Join(t.TempDir(), "none")
	}
	shell := func(before string) func(*exec.Cmd) {
		return func(cmd *exec.Cmd) {
			cmd.Args = append([]string{"sh", "-c", before + `exec "$0" "$@"`, cmd.Path}, cmd.Args[1:]...)
			cmd.Path = "/bin/sh"
		}
	}
	with := func(env ...string) func(*exec.Cmd) {
		return func(cmd *exec.Cmd) { cmd.Env = append(cmd.Env, env...) }
	}
	for name, change := range map[string]func(*exec.Cmd){
		"no HOME": func(cmd *exec.Cmd) {
			cmd.Env = slices.DeleteFunc(cmd.Env, func(s string) bool { return strings.HasPrefix(s, "HOME=") })
		},
		"no PATH": func(cmd *exec.Cmd) {
			cmd.Env = slices.DeleteFunc(cmd.Env, func(s string) bool { return strings.HasPrefix(s, "PATH=") })
		},
		"empty HOME":             with("HOME="),
		"relative folders":       with("HOME=home", "XDG_CACHE_HOME=cache", "XDG_CONFIG_HOME=config"),
		"a device for HOME":      with("HOME=/dev/null"),
		"a file for the cache":   with("XDG_CACHE_HOME=" + file),
		"a file for the config":  with("XDG_CONFIG_HOME=" + file),
		"nothing for the cache":  with("XDG_CACHE_HOME=" + empty("x")),
		"garbage for the locale": with("LANG=\xff\xfe", "LC_ALL=no_SUCH.place", "LANGUAGE=../../x", "TZ=Not/A_Zone"),
		"an odd terminal":        with("TERM=no-such", "COLUMNS=-3", "LINES=x"),
		"no terminal":            with("TERM="),
		"no folder for scraps":   with("TMPDIR=" + filepath.Join(file, "x")),
		"standard input closed":  shell("exec <&-; "),
		"standard error closed":  shell("exec 2>&-; "),
		"both closed":            shell("exec <&- 2>&-; "),
		"no mask":                shell("umask 000; "),
		"mask of everything":     shell("umask 777; "),
		"the working folder gone": func(cmd *exec.Cmd) {
			cmd.Dir = t.TempDir()
			shell(`rmdir "$PWD"; `)(cmd)
		},
	} {
		cmd := program(t, "report", place)
		change(cmd)
		if e := finish(t, cmd); e != plain {
			t.Errorf("%s: exit status %d, signal %v, stderr %q, stdout\n%s", name, e.status, e.signal, e.stderr, e.stdout)
		}
	}

	// Who writes to nowhere gets the status all the same.
	for name, redirect := range map[string]string{"standard output closed": ">&-", "all closed": "<&- >&- 2>&-", "standard error full": ">/dev/null 2>/dev/full"} {
		for folder, want := range map[string]int{"3.12.4": exitOK, "3.11.9": exitFindings, "3.13.6": exitTrouble} {
			cmd := program(t, "report", demoMirror(t, folder))
			shell("exec " + redirect + "; ")(cmd)
			if e := finish(t, cmd); e.status != want {
				t.Errorf("%s, %s: exit status %d, want %d; stderr %q", name, folder, e.status, want, e.stderr)
			}
		}
	}

	// What cannot be told from a damaged cache or configuration is trouble.
	for env, said := range map[string]string{
		"XDG_CACHE_HOME=":  `^migrate: keyring \S+/migrate/keys: cannot stat: too many levels of symbolic links\n$`,
		"XDG_CONFIG_HOME=": `^migrate: configuration file \S+/migrate/config.yaml: .*too many levels of symbolic links\n$`,
	} {
		cmd := program(t, "report", place)
		with(env + loop)(cmd)
		if e := finish(t, cmd); e.status != exitTrouble || e.stdout != "" || !regexp.MustCompile(said).MatchString(e.stderr) {
			t.Errorf("%s: exit status %d, stderr %q", env, e.status, e.stderr)
		}
	}

	// The mask decides who may read the report, and nothing else.
	for mask, want := range map[string]os.FileMode{"000": 0o666, "022": 0o644, "077": 0o600} {
		out := filepath.Join(t.TempDir(), "out")
		cmd := program(t, "report", "-o", out, place)
		shell("umask " + mask + "; ")(cmd)
		e := finish(t, cmd)
		info, err := os.Stat(out)
		if e.status != exitOK || err != nil || info.Mode() != want || string(read(t, out)) != plain.stdout {
			t.Errorf("umask %s: exit status %d, %v, %s", mask, e.status, err, fmt.Sprint(info))
		}
	}
}

// saveEnv names the folder that TestSaveDiskFull is to save to with little room.
const saveEnv = "TEST_SAVE_DISK_FULL"

// TestSaveDiskFull has a run over the network that saves what it reads, where
// files stand for a full disk that may have no more than 400 bytes: artifacts
// and signatures have fewer, bundles have more.
func TestSaveDiskFull(t *testing.T) {
	if dir := os.Getenv(saveEnv); dir != "" {
		saveWithLittleRoom(t, dir)
		return
	}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "precious"), []byte("precious"))
	cmd := exec.Command(os.Args[0], "-test.run=^TestSaveDiskFull$", "-test.v")
	cmd.Env = append(os.Environ(), saveEnv+"="+dir)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%s", out)

	for _, want := range []string{
		"exit status 2",
		"good by PGP: 0",
		`Python-3.12.4.tgz: 3.12.4/Python-3.12.4.tgz cannot be saved in "` + dir + `": file too large: make room or name another folder`,
	} {
		if !strings.Contains(string(out), want) {
			t.Errorf("%q was not said", want)
		}
	}
	var saved []string
	err = filepath.WalkDir(dir, func(file string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			saved = append(saved, strings.TrimPrefix(file, dir+"/"))
		}
		return err
	})
	want := []string{"precious"} // no artifact is kept without its bundle
	if err != nil || !slices.Equal(saved, want) {
		t.Errorf("saved %q (%v), want %q", saved, err, want)
	}
}

func saveWithLittleRoom(t *testing.T, dir string) {
	world := onlinetest.NewInMemory(t)
	world.Handle("www.python.org", onlinetest.PythonOrg(os.DirFS(demoMirror(t, "")), onlinetest.API{}))
	newKeysBench(t) // for its settings
	var out, errs strings.Builder
	a := &app{streams: streams{&out, &errs}, now: func() time.Time { return keysPresent }, config: viper.New(), transport: world.Transport(), attempts: 1}
	a.config.Set("offline", false)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 400, Max: 400}); err != nil {
		t.Fatal(err)
	}
	status := a.execute(t.Context(), []string{"report", "--format", "json", "--keyring", "../../testdata/demo/keys", "--save", dir, "3.12.4"})
	doc, err := report.Read(strings.NewReader(out.String()))
	if err != nil {
		t.Fatalf("%v\n%s", err, &errs)
	}
	good := 0
	for _, art := range doc.Artifacts {
		if art.PGP.Status.String() == "good" {
			good++
		}
	}
	t.Logf("exit status %d, good by PGP: %d\n%s", status, good, &errs)
}

// TestCacheThatCannotBeWritten: keys that were fetched are used, though they
// cannot be kept.
func TestCacheThatCannotBeWritten(t *testing.T) {
	b := newKeysBench(t)
	if err := os.WriteFile(filepath.Dir(b.cache), nil, 0o600); err != nil { // a file in place of the folder
		t.Fatal(err)
	}
	b.bodies = map[string][]byte{"by-fingerprint": demoKey(t, "jonas-wren-2025")}
	status, stdout, stderr := b.run("report", filepath.Join(demoMirror(t, "3.12.4"), "Python-3.12.4.tgz"))
	if status != exitOK || !strings.Contains(stdout, "equivalent") {
		t.Errorf("exit status %d\n%s", status, stdout)
	}
	if want := "is used and could not be kept: key cache: "; !strings.Contains(stderr, want) || !strings.Contains(stderr, "not a directory") || strings.Count(stderr, "\n") != 1 {
		t.Errorf("stderr %q, want %q", stderr, want)
	}
}
