package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

// timeout bounds one verification; none takes a second.
const timeout = time.Minute

// An answer is what migrate said about one case.
type answer struct {
	exit   int
	status string // Sigstore status and reason, e.g. "bad (signature)"; "" if the bundle was not judged
	words  string // if it was not: the first line of standard error
}

func (a answer) String() string {
	if a.status != "" {
		return a.status
	}
	return "not judged: " + a.words
}

// good reports whether the case was accepted, by the exit status and by what
// was said.
func (a answer) good() bool { return a.exit == 0 && a.status == "good" }

// refused reports whether the case was refused in so many words. A crash is no
// refusal.
func (a answer) refused() bool {
	judged := a.status != "" && a.status != "good"
	return (a.exit == 1 || a.exit == 2) && (judged || strings.HasPrefix(a.words, "migrate: "))
}

// ask runs migrate with its own empty home and without settings from the
// environment.
func ask(ctx context.Context, migrate, home string, args []string) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, migrate, args...)
	cmd.Dir = home
	cmd.Env = []string{"HOME=" + home, "PATH=" + os.Getenv("PATH")}
	var out, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaints
	err := cmd.Run()
	if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) {
		return answer{}, err
	}
	a := answer{exit: cmd.ProcessState.ExitCode()}
	a.words, _, _ = strings.Cut(complaints.String(), "\n")
	if a.words == "" {
		a.words = fmt.Sprintf("exit status %d without a word", a.exit)
	}
	if out.Len() == 0 {
		return a, nil
	}
	var report struct {
		Artifacts []struct {
			Sigstore struct{ Status, Reason string }
		}
	}
	if err := json.Unmarshal(out.Bytes(), &report); err != nil {
		return a, fmt.Errorf("its report: %w", err)
	}
	if len(report.Artifacts) != 1 {
		return a, fmt.Errorf("its report is of %d artifacts", len(report.Artifacts))
	}
	s := report.Artifacts[0].Sigstore
	a.status = s.Status
	if s.Reason != "" {
		a.status += " (" + s.Reason + ")"
	}
	return a, nil
}

// askBoth asks about a case by path and by digest.
func askBoth(ctx context.Context, migrate, home string, c testCase) (both [2]answer, err error) {
	for i, way := range ways {
		args, err := c.args(way == "digest")
		if err != nil {
			return both, fmt.Errorf("case %s: %w", c.name, err)
		}
		if both[i], err = ask(ctx, migrate, home, args); err != nil {
			return both, fmt.Errorf("case %s by %s: %w", c.name, way, err)
		}
	}
	return both, ctx.Err()
}

var ways = [2]string{"path", "digest"}

// A tally counts runs: each case is one by path and one by digest.
type tally struct {
	cases, right, wrong, expected int
	notJudged                     int // of the right refusals
}

// run asks migrate about every case and writes a line about each. Cases that
// are in wrong are known to be refused though they are right; one that is not is
// itself wrong. That a forgery is accepted is never excused.
func run(ctx context.Context, w io.Writer, migrate string, all []testCase, wrong map[string]bool) (tally, error) {
	var t tally
	home, err := os.MkdirTemp("", "conformance")
	if err != nil {
		return t, err
	}
	defer os.RemoveAll(home)

	answers := make([][2]answer, len(all))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, c := range all {
		group.Go(func() error {
			both, err := askBoth(ctx, migrate, home, c)
			answers[i] = both
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return t, err
	}
	for i, c := range all {
		if _, err := fmt.Fprintln(w, t.count(c, answers[i], wrong[c.name])); err != nil {
			return t, err
		}
	}
	return t, nil
}

// count adds a case to the tally and returns its line.
func (t *tally) count(c testCase, answers [2]answer, knownWrong bool) string {
	t.cases++
	excused := knownWrong && !c.refused()
	allRight := true
	var said []string
	for i, a := range answers {
		ok := a.good()
		if c.refused() {
			ok = a.refused()
		}
		allRight = allRight && ok
		switch {
		case ok:
			t.right++
			if a.status == "" {
				t.notJudged++
			}
		case excused:
			t.expected++
		default:
			t.wrong++
		}
		said = append(said, fmt.Sprintf("by %s %s", ways[i], a))
	}
	word := "ok"
	switch {
	case allRight && knownWrong:
		word = "WRONG"
		t.right, t.wrong = t.right-len(ways), t.wrong+len(ways)
		said = append(said, "named with -wrong, but it comes out right")
	case !allRight && excused:
		word = "known"
	case !allRight:
		word = "WRONG"
	}
	return fmt.Sprintf("%-5s  %s  %s", word, c.name, strings.Join(said, ", "))
}
