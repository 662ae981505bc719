package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"migrate/compare"
	"migrate/internal/onlinetest"
	"migrate/report"
)

// The variables by which a test makes its own binary be the program, on a
// network of the test.
const (
	childAddr = "ONLINETEST_ADDR"
	childCA   = "ONLINETEST_CA"
)

// childMain is main with another network.
func childMain() int {
	transport, err := onlinetest.TransportTo(os.Getenv(childAddr), []byte(os.Getenv(childCA)))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 3
	}
	return run(&app{transport: transport})
}

// child is the program in a process of its own.
type child struct {
	*exec.Cmd
	out, err bytes.Buffer
	ended    chan struct{}
}

// childOn starts the program on a world's network.
func childOn(t testing.TB, w *onlinetest.World, args ...string) *child {
	t.Helper()
	return startChild(t, w, nil, args)
}

// childWithoutFiles is childOn for a program that can write no byte to a file.
func childWithoutFiles(t testing.TB, w *onlinetest.World, args ...string) *child {
	t.Helper()
	return startChild(t, w, []string{"sh", "-c", `ulimit -f 0 && exec "$@"`, "sh"}, args)
}

func startChild(t testing.TB, w *onlinetest.World, under, args []string) *child {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	line := slices.Concat(under, []string{program}, args, []string{"--at", keysPresent.Format(time.RFC3339)})
	c := &child{Cmd: exec.Command(line[0], line[1:]...), ended: make(chan struct{})}
	c.Env = append(os.Environ(), childAddr+"="+w.Addr(), childCA+"="+string(w.CA()))
	c.Stdout, c.Stderr = &c.out, &c.err
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = c.Wait() // its status is looked at by those who wait for the end
		close(c.ended)
	}()
	t.Cleanup(func() {
		_ = c.Process.Kill() // it may have ended
		<-c.ended
	})
	return c
}

// end waits for the program's end and returns its exit status; -1 if it was
// killed.
func (c *child) end() int {
	<-c.ended
	return c.ProcessState.ExitCode()
}

// until waits for something that the program does, as long as it runs.
func (c *child) until(t testing.TB, what string, done func() bool) {
	t.Helper()
	for !done() {
		select {
		case <-c.ended:
			t.Fatalf("the program has ended before %s: %s%s", what, &c.out, &c.err)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func (c *child) lines() []string {
	return strings.Split(strings.TrimSpace(c.err.String()), "\n")
}

func processes(t *testing.T) *stage {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("there are no signals")
	}
	s := newStage(t, onlinetest.New(t))
	s.onlyBigKey()
	return s
}

// parts are the files in a folder that something has been written to, and that
// are not whole.
func parts(dir string) []string {
	var all []string
	files, _ := filepath.Glob(filepath.Join(dir, ".*.part"))
	for _, f := range files {
		if info, err := os.Stat(f); err == nil && info.Size() > 0 {
			all = append(all, filepath.Base(f))
		}
	}
	return all
}

// TestKilled: a run that is killed, at whatever moment, has saved whole files
// only, and can be made again into the same folder.
func TestKilled(t *testing.T) {
	s := processes(t)
	dir := filepath.Join(s.base, "saved")
	before := tree(t, s.base)
	saved := func() (whole, begun []string) {
		if _, err := os.Stat(dir); err != nil {
			return nil, nil
		}
		for name, what := range tree(t, dir) {
			switch file := s.files[name]; {
			case strings.HasPrefix(name, ".") && strings.HasSuffix(name, ".part"):
				begun = append(begun, name)
			case what == "folder":
			case file == nil || what != digestLine(file.Data):
				t.Errorf("half-saved: %s, %s", name, what)
			default:
				whole = append(whole, strings.TrimPrefix(name, bigRelease+"/"))
			}
		}
		slices.Sort(whole)
		return whole, begun
	}
	first := []string{otherFile, otherFile + ".asc", otherFile + ".sigstore"}
	for _, kill := range []struct {
		at    string
		after int // bytes
		whole []string
	}{
		{"", 10, nil},
		{otherFile + ".sigstore", 10, nil},
		{otherFile, 60_000, nil},
		{bigFile, 600_000, first},
	} {
		at := ftp + bigRelease + "/" + kill.at
		s.Forget()
		s.BreakAlways(python, at, onlinetest.StallAfter(kill.after))
		was := len(parts(dir))
		c := childOn(t, s.World, "report", "-j", "1", "--save", dir, bigRelease)
		c.until(t, "it asks for "+at, func() bool {
			return asked(s, at) && (kill.after < 1000 || len(parts(dir)) > was)
		})
		if err := c.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		if status := c.end(); status != -1 || c.out.Len() != 0 {
			t.Errorf("at %s: status %d, %s", at, status, &c.out)
		}
		s.unbreak(at)
		whole, begun := saved()
		if !slices.Equal(whole, kill.whole) {
			t.Errorf("killed at %s: saved %q, want %q", at, whole, kill.whole)
		}
		if kill.after > 1000 && len(begun) == 0 {
			t.Errorf("killed at %s: it had not begun to write", at)
		}
		if len(whole) < 3 {
			continue
		}
		// What there is is a source, in which nothing half-written is seen.
		doc, r := s.report("--offline", dir)
		if len(doc.Artifacts) != 1 || doc.Artifacts[0].Name != otherFile || doc.Artifacts[0].Verdict != compare.Equivalent || r.status != 0 {
			t.Errorf("killed at %s: status %d, %q", at, r.status, answersOf(doc))
		}
	}
	_, begun := saved()
	c := childOn(t, s.World, "report", "--save", dir, "--format", "json", bigRelease)
	if status := c.end(); status != 0 || c.err.Len() != 0 {
		t.Errorf("again: status %d, %s", status, &c.err)
	}
	online, err := report.Read(&c.out)
	if err != nil {
		t.Fatal(err)
	}
	doc, _ := s.report("--offline", dir)
	if len(doc.Artifacts) != 2 {
		t.Errorf("%q", answersOf(doc))
	}
	sameAnswers(t, "again", online, doc)
	whole, left := saved()
	if len(whole) != 6 || len(left) != len(begun) {
		t.Errorf("at last: %q and %q", whole, left)
	}
	for name := range tree(t, s.base) {
		if _, ok := before[name]; !ok && name != "saved" && !strings.HasPrefix(name, "saved/") {
			t.Errorf("written elsewhere: %s", name)
		}
	}
}

// asked reports whether a path of python.org was asked for.
func asked(s *stage, at string) bool {
	return slices.ContainsFunc(s.Requests(), func(q onlinetest.Request) bool { return q.Host == python && q.Path == at })
}

// TestTerminated: a run that is asked to end leaves a report on what it has got
// to, which is whole and says that it is a part, and nothing else.
func TestTerminated(t *testing.T) {
	s := processes(t)
	at := ftp + bigRelease + "/" + bigFile
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		file, dir := filepath.Join(s.work, "out.json"), filepath.Join(s.base, "saved")
		for _, output := range [][]string{{"-o", file}, {"--save", dir}, nil} {
			before := tree(t, s.base)
			s.Forget()
			s.BreakAlways(python, at, onlinetest.StallAfter(300_000))
			c := childOn(t, s.World, append([]string{"report", "-j", "1", "--format", "json", bigRelease}, output...)...)
			c.until(t, "it asks for "+at, func() bool { return asked(s, at) })
			if err := c.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			status := c.end()
			s.unbreak(at)
			if last := c.lines(); status != 2 || len(last) != 1 || !strings.HasPrefix(last[0], "migrate: "+signal.String()+" signal received: ") {
				t.Errorf("%v, %q: status %d, %q", signal, output, status, last)
			}
			var doc *report.Document
			var err error
			if slices.Contains(output, "-o") {
				doc, err = readReport(file + ".partial.json")
			} else {
				doc, err = report.Read(&c.out)
			}
			if err != nil {
				t.Fatalf("%v, %q: %v", signal, output, err)
			}
			if len(doc.Artifacts) != 1 || doc.Artifacts[0].Name != otherFile || doc.Part == nil || *doc.Part != (report.Part{Selection: "interrupted", Of: 2}) {
				t.Errorf("%v, %q: %q, part %v", signal, output, answersOf(doc), doc.Part)
			}
			left := slices.DeleteFunc(newFiles(before, tree(t, s.base)), func(name string) bool { return s.files[strings.TrimPrefix(name, "saved/")] != nil })
			want := map[bool][]string{slices.Contains(output, "-o"): {"work/out.json.partial.json"}, slices.Contains(output, "--save"): {"saved", "saved/" + bigRelease}}[true]
			if d := gocmp.Diff(want, left); d != "" {
				t.Errorf("%v, %q: new files (-want +got)\n%s", signal, output, d)
			}
			if !slices.Contains(output, "-o") {
				os.RemoveAll(dir)
				continue
			}
			s.Forget()
			c = childOn(t, s.World, "report", "--format", "json", "--baseline", file+".partial.json", bigRelease)
			if status := c.end(); status != 0 {
				t.Errorf("%v: going on: status %d, %s", signal, status, &c.err)
			}
			if !asked(s, ftp+bigRelease+"/"+otherFile) || gets(s, ftp+bigRelease+"/"+otherFile) != 0 || gets(s, at) != 1 {
				t.Errorf("%v: going on: %v", signal, ran{requests: s.Requests()}.asked())
			}
			if err := os.Remove(file + ".partial.json"); err != nil {
				t.Error(err)
			}
		}
	}
}

// TestNothingWritten: without --save a run writes nothing to any file; were it
// to, it could not.
func TestNothingWritten(t *testing.T) {
	s := processes(t)
	before := tree(t, s.base)
	for _, format := range formats() {
		c := childWithoutFiles(t, s.World, "report", "--format", format.name, bigRelease)
		if status := c.end(); status != 0 || c.err.Len() != 0 || c.out.Len() == 0 {
			t.Errorf("%s: status %d, %s", format.name, status, &c.err)
		}
	}
	if d := gocmp.Diff(before, tree(t, s.base)); d != "" {
		t.Errorf("files (-before +after)\n%s", d)
	}
	// The limit does hold.
	dir := filepath.Join(s.base, "saved")
	c := childWithoutFiles(t, s.World, "report", "--save", dir, bigRelease)
	if status := c.end(); status == 0 {
		t.Errorf("with --save: status %d, %s", status, &c.err)
	}
}

// gets counts how often a file of python.org was read.
func gets(s *stage, at string) int {
	n := 0
	for _, q := range s.Requests() {
		if q.Method == "GET" && q.Host == python && q.Path == at {
			n++
		}
	}
	return n
}

func newFiles(before, after map[string]string) []string {
	var names []string
	for name := range after {
		if _, ok := before[name]; !ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
