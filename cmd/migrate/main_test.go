package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"

	"migrate/compare"
)

var update = flag.Bool("update", false, "rewrite the golden parts of the scripts")

func TestMain(m *testing.M) {
	if os.Getenv(childAddr) != "" {
		os.Exit(childMain())
	}
	testscript.Main(offline{m}, map[string]func(){"migrate": main})
}

// offline runs tests that reach no network unless they bring their own.
type offline struct{ m *testing.M }

func (o offline) Run() int {
	os.Setenv("MIGRATE_OFFLINE", "true")
	return o.m.Run()
}

// TestScripts runs the command line against every script of testdata/scripts:
// what comes on standard output, what on standard error, and the exit status.
func TestScripts(t *testing.T) {
	testdata, err := filepath.Abs("../../testdata")
	if err != nil {
		t.Fatal(err)
	}
	scripts, err := filepath.Glob(filepath.Join(testdata, "scripts", "*.txtar"))
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no scripts found: %v", err)
	}
	testscript.Run(t, testscript.Params{
		Files:               scripts,
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			// A home of its own: no configuration, no key cache.
			home := filepath.Join(e.WorkDir, "home")
			e.Setenv("HOME", home)
			e.Setenv("XDG_CONFIG_HOME", filepath.Join(home, "config"))
			e.Setenv("XDG_CACHE_HOME", filepath.Join(home, "cache"))
			e.Setenv("DEMO", filepath.Join(testdata, "demo"))
			e.Setenv("CORPUS", os.Getenv("MIGRATE_CORPUS"))
			e.Setenv("MIGRATE_OFFLINE", "true") // no test reaches a network
			return nil
		},
		Condition: func(cond string) (bool, error) {
			return cond == "corpus" && os.Getenv("MIGRATE_CORPUS") != "", nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"status": status,
			"huge":   huge,
		},
	})
}

// status runs a command line and asserts its exact exit status, which exec
// tells only from zero: status 2 migrate report empty.
func status(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N COMMAND...")
	}
	err := ts.Exec(args[1], args[2:]...)
	got := "0"
	if err != nil {
		exit, ok := err.(interface{ ExitCode() int })
		if !ok {
			ts.Fatalf("%v", err)
		}
		got = strconv.Itoa(exit.ExitCode())
	}
	if got != args[0] {
		ts.Fatalf("exit status %s, want %s", got, args[0])
	}
}

// huge fills a file with 100 MiB of zeros: huge FILE.
func huge(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: huge FILE")
	}
	ts.Check(os.Truncate(ts.MkAbs(args[0]), 100<<20))
}

var findingRow = regexp.MustCompile("^\\| `(pgp|sigstore|compare|source)/")

// TestReadmeListsEveryFinding holds the README's table to the catalogue.
func TestReadmeListsEveryFinding(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, e := range compare.Catalogue() {
		want = append(want, fmt.Sprintf("| `%s` | %s | %s |", e.Code, e.Level, e.Title))
	}
	var got []string
	for line := range strings.Lines(string(readme)) {
		if findingRow.MatchString(line) {
			got = append(got, strings.TrimSpace(line))
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the README's findings are not the catalogue's (-catalogue +README):\n%s", diff)
	}
}
