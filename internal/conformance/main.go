// Conformance runs the verification cases of the public sigstore-conformance
// suite (github.com/sigstore/sigstore-conformance) against the command line of
// migrate, each by path and by digest:
//
//	go run ./internal/conformance SUITE
//
// SUITE is a checkout of the suite, or a folder of cases laid out like its
// test/assets/bundle-verify. A case whose name ends in _fail must be refused,
// every other must be good. It prints a line for each case, with the reason
// that migrate gives, and a summary. Exit status: 0 all cases came out right, 1
// some did not, 2 they could not be run.
//
// Two cases of the suite's newest versions are refused because sigstore-go,
// up to v1.4.0, cannot check their form, and nothing here checks what the
// library does not; -wrong names them:
//
//	-wrong dsse-with-hashedrekord-happy-path  an envelope that Rekor v1 knows as a hashedrekord
//	-wrong intoto-canonical-log-entry         a Rekor v1 log whose checkpoint is named as those of Rekor v2 are
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	status := execute(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// execute runs one command line and returns its exit status.
func execute(ctx context.Context, args []string, out, complaints io.Writer) int {
	flags := flag.NewFlagSet("conformance", flag.ContinueOnError)
	flags.SetOutput(complaints)
	migrate := flags.String("migrate", "", "the `PROGRAM` to test (default: the one of this source tree)")
	wrong := map[string]bool{}
	flags.Func("wrong", "right `CASE` that is known to be refused (repeatable)", func(name string) error {
		wrong[name] = true
		return nil
	})
	flags.Usage = func() {
		fmt.Fprintln(complaints, "usage: conformance [-migrate PROGRAM] [-wrong CASE]... SUITE")
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil || flags.NArg() != 1 {
		if err == nil {
			flags.Usage()
		}
		return 2
	}
	t, err := conform(ctx, out, flags.Arg(0), *migrate, wrong)
	if err != nil {
		fmt.Fprintln(complaints, "conformance:", err)
		return 2
	}
	if t.wrong > 0 {
		return 1
	}
	return 0
}

// conform runs the suite and writes the summary.
func conform(ctx context.Context, out io.Writer, dir, migrate string, wrong map[string]bool) (tally, error) {
	all, err := cases(dir)
	if err != nil {
		return tally{}, err
	}
	for name := range wrong {
		if !slices.ContainsFunc(all, func(c testCase) bool { return c.name == name }) {
			return tally{}, fmt.Errorf("-wrong %s: the suite has no such case", name)
		}
	}
	if migrate == "" {
		build, err := os.MkdirTemp("", "conformance")
		if err != nil {
			return tally{}, err
		}
		defer os.RemoveAll(build)
		migrate = filepath.Join(build, "migrate")
		cmd := exec.CommandContext(ctx, "go", "build", "-o", migrate, "migrate/cmd/migrate")
		if message, err := cmd.CombinedOutput(); err != nil {
			return tally{}, errors.Join(fmt.Errorf("%s: %w", cmd, err), errors.New(string(message)))
		}
	} else if migrate, err = filepath.Abs(migrate); err != nil {
		return tally{}, err
	}
	t, err := run(ctx, out, migrate, all, wrong)
	if err != nil {
		return t, err
	}
	_, err = fmt.Fprintf(out, "%d cases, %d runs: %d right (%d refused before the bundle was judged), %d wrong, %d wrong as known\n",
		t.cases, t.right+t.wrong+t.expected, t.right, t.notJudged, t.wrong, t.expected)
	return t, err
}
