// Command bench measures this program beside what a user would do otherwise,
// and beside the least that any program has to do. It prints one table of
// ratios: every pair is run in turns within one run, so that a busy machine
// slows both.
//
//	MIGRATE_CORPUS=… go run ./internal/bench [-runs N] [-only PATTERN]
//
// gpgv, cosign and sigstore-go's sigstore-go-verification are taken from PATH;
// a row whose peer is not there says so.
package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"syscall"
	"time"

	"github.com/olekukonko/tablewriter"
)

func main() {
	// The floors are measured as whole processes too.
	if len(os.Args) > 2 && os.Args[1] == "floor" {
		exit(floor(os.Args[2], os.Args[3:]))
	}
	runs := flag.Int("runs", 5, "how often each pair is run")
	only := flag.String("only", "", "regular expression that names the rows to run")
	flag.Parse()
	pattern, err := regexp.Compile(*only)
	if err != nil {
		exit(err)
	}
	exit(run(os.Stdout, *runs, pattern))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintf(os.Stderr, "bench: %v\n", err)
		os.Exit(2)
	}
	os.Exit(0)
}

// row is one line of the table.
type row struct {
	name   string
	target string // as issue and README state it
	// measure returns what came out and whether it is within the target.
	measure func(*bench) (result string, ok bool, err error)
}

var errNoPeer = errors.New("is not in PATH")

func run(out io.Writer, runs int, only *regexp.Regexp) error {
	corpus := os.Getenv("MIGRATE_CORPUS")
	if corpus == "" {
		return errors.New("set MIGRATE_CORPUS to the folder with real release data")
	}
	dir, err := os.MkdirTemp("", "migrate-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	b := &bench{runs: runs, corpus: corpus, dir: dir, migrate: filepath.Join(dir, "migrate")}
	if b.self, err = os.Executable(); err != nil {
		return err
	}
	build := exec.Command("go", "build", "-trimpath", "-o", b.migrate, "migrate/cmd/migrate")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("building the program: %w", err)
	}
	table := tablewriter.NewWriter(out)
	table.Header("What", "Target", "Measured", "Within")
	for _, r := range rows {
		if !only.MatchString(r.name) {
			continue
		}
		fmt.Fprintf(os.Stderr, "bench: %s\n", r.name)
		result, ok, err := r.measure(b)
		within := "no"
		switch {
		case errors.Is(err, errNoPeer):
			result, within = err.Error(), "not measured"
		case err != nil:
			return fmt.Errorf("%s: %w", r.name, err)
		case ok:
			within = "yes"
		}
		if err := table.Append(r.name, r.target, result, within); err != nil {
			return err
		}
	}
	fmt.Fprintf(out, "%d cores, %s, %s/%s; medians of %d runs in turns (least to greatest)\n",
		runtime.NumCPU(), runtime.Version(), runtime.GOOS, runtime.GOARCH, runs)
	return table.Render()
}

// bench is what the rows share.
type bench struct {
	runs    int
	corpus  string
	dir     string // of this run, removed at its end
	migrate string // the program
	self    string // this one
}

// command is a process to be measured: it has to end with the status that is
// expected of it, or nothing it took counts.
type command struct {
	args   []string
	status int
}

func migrate(b *bench, status int, args ...string) command {
	return command{append([]string{b.migrate}, args...), status}
}

// usage is what a process took.
type usage struct {
	wall time.Duration
	cpu  time.Duration
	rss  int64 // greatest resident size, in bytes
}

// time runs a command once.
func (b *bench) time(c command) (usage, error) {
	cmd := exec.Command(c.args[0], c.args[1:]...)
	// A home of its own, so that no configuration and no cache has a say.
	home := filepath.Join(b.dir, "home")
	cmd.Env = append(os.Environ(), "HOME="+home, "XDG_CONFIG_HOME="+home, "XDG_CACHE_HOME="+home, "MIGRATE_OFFLINE=true")
	said := filepath.Join(b.dir, "said")
	f, err := os.Create(said)
	if err != nil {
		return usage{}, err
	}
	defer f.Close()
	cmd.Stdout, cmd.Stderr = f, f
	start := time.Now()
	err = cmd.Run()
	took := time.Since(start)
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		return usage{}, err
	}
	if got := cmd.ProcessState.ExitCode(); got != c.status {
		text, _ := os.ReadFile(said)
		return usage{}, fmt.Errorf("%s ended with status %d, want %d:\n%.2000s", filepath.Base(c.args[0]), got, c.status, text)
	}
	ru := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	return usage{took, cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), ru.Maxrss << 10}, nil
}

// ratio runs two commands in turns and returns the ratios of their wall times.
func (b *bench) ratio(one, other command) (ratios []float64, ours, theirs []usage, err error) {
	for i := range b.runs + 1 {
		u, err := b.time(one)
		if err != nil {
			return nil, nil, nil, err
		}
		v, err := b.time(other)
		if err != nil {
			return nil, nil, nil, err
		}
		if i == 0 { // fills the page cache
			continue
		}
		ours, theirs = append(ours, u), append(theirs, v)
		ratios = append(ratios, u.wall.Seconds()/v.wall.Seconds())
	}
	return ratios, ours, theirs, nil
}

// within states ratios, and whether their median is at most limit.
func within(ratios []float64, ours, theirs []usage, limit float64) (string, bool) {
	m := median(ratios)
	return fmt.Sprintf("%.2f (%.2f to %.2f); %s beside %s", m, slices.Min(ratios), slices.Max(ratios),
		wall(ours), wall(theirs)), m <= limit
}

func wall(list []usage) string {
	var times []time.Duration
	for _, u := range list {
		times = append(times, u.wall)
	}
	m := median(times)
	if m < time.Second {
		return m.Round(time.Millisecond).String()
	}
	return m.Round(10 * time.Millisecond).String()
}

func median[T cmp.Ordered](list []T) T {
	sorted := slices.Sorted(slices.Values(list))
	return sorted[len(sorted)/2]
}

func mib(n int64) string { return fmt.Sprintf("%d MiB", n>>20) }

// peer returns the path of a program that is measured beside this one.
func peer(name string) (string, error) {
	path, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("%s %w", name, errNoPeer)
	}
	return path, nil
}
