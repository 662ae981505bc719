package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"migrate/compare"
	"migrate/internal/audit"
	"migrate/internal/source"
	"migrate/report"
)

func (a *app) reportCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "report SOURCE...",
		Short: "Verify every artifact of a source both ways, and report",
		Long: `Verify every artifact of a source both ways, compare, and report, series by
series, whether one can move from PGP to Sigstore and what would change.

A SOURCE is
  a folder laid out like python.org/ftp/python, or any folder of artifacts,
  one artifact, its sidecars beside it,
  a .dsc or .orig.tar.* of a Debian source package,
  a checkout of cpython-release-tracker (bundles are verified by digest), or
  a report saved with --format json, to render it again.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.report(cmd.Context(), args) },
	}
	flags := cmd.Flags()
	flags.String("format", "table", "one of "+strings.Join(formatNames(), ", "))
	flags.StringP("output", "o", "", "write to `FILE` in place of standard output")
	flags.String("fail-on", "error", "exit with status 1 from this `LEVEL` of finding on: note, warning, error")
	flags.Bool("all", false, "table: a row for every artifact, also for those that are alike")
	flags.IntP("jobs", "j", runtime.NumCPU(), "artifacts read side by side")
	trustFlags(cmd)
	return cmd
}

// format renders a document.
type format struct {
	name   string
	render func(a *app, w io.Writer, d *report.Document) error
}

func formats() []format {
	return []format{
		{"table", func(a *app, w io.Writer, d *report.Document) error {
			return report.Table(w, d, report.TableOptions{Width: a.width(), Color: a.color(), All: a.config.GetBool("all")})
		}},
		{"markdown", func(_ *app, w io.Writer, d *report.Document) error { return report.Markdown(w, d) }},
		{"json", func(_ *app, w io.Writer, d *report.Document) error { return report.JSON(w, d) }},
	}
}

func formatNames() []string {
	var names []string
	for _, f := range formats() {
		names = append(names, f.name)
	}
	return names
}

// format is the one that --format names, before any work is done for it.
func (a *app) format() (format, error) {
	name := a.config.GetString("format")
	for _, f := range formats() {
		if f.name == name {
			return f, nil
		}
	}
	return format{}, fmt.Errorf("no such format: %s (want %s)", name, strings.Join(formatNames(), ", "))
}

func (a *app) failOn() (compare.Level, error) {
	var level compare.Level
	if err := level.UnmarshalText([]byte(a.config.GetString("fail-on"))); err != nil {
		return 0, fmt.Errorf("--fail-on: %w (want note, warning or error)", err)
	}
	return level, nil
}

func (a *app) report(ctx context.Context, args []string) error {
	format, err := a.format()
	if err != nil {
		return err
	}
	failOn, err := a.failOn()
	if err != nil {
		return err
	}
	doc, err := a.document(ctx, args)
	if err != nil {
		return err
	}
	a.complainOf(doc)
	err = a.writeTo(a.config.GetString("output"), func(w io.Writer) error { return format.render(a, w, doc) })
	if err != nil {
		return err
	}
	if status := doc.Exit(failOn); status != exitOK {
		return exitError(status)
	}
	return nil
}

// document is the report on the sources: read again if it was saved, made
// anew otherwise.
func (a *app) document(ctx context.Context, args []string) (*report.Document, error) {
	if slices.ContainsFunc(args, source.IsReport) {
		if len(args) > 1 {
			return nil, errors.New("a saved report is a source of its own: name it alone")
		}
		return readReport(args[0])
	}
	now, err := a.present()
	if err != nil {
		return nil, err
	}
	t, err := a.loadTrust()
	if err != nil {
		return nil, err
	}
	for _, p := range t.problems {
		a.complain(fmt.Errorf("%s: %s", p.Source, p.Message))
	}

	run := report.Run{
		Generator: report.Generator{Name: "migrate", Version: version()},
		Time:      now,
		Offline:   true,
		Sources:   args,
		Trust:     t.describe(),
	}
	items, err := a.list(ctx, args, &run)
	if err != nil {
		return nil, err
	}
	auditor := t.auditor(now)
	auditor.Jobs = a.config.GetInt("jobs")
	progress := a.progress()
	auditor.Progress = progress.show
	evidence := slices.Collect(auditor.Run(ctx, items))
	progress.clear()
	run.Assessments, run.Series = compare.AssessAll(evidence, t.roster)
	return report.New(run), nil
}

func readReport(file string) (*report.Document, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	doc, err := report.Read(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return doc, nil
}

// list lists all sources. One that cannot be listed is trouble, and does not
// keep the others from being audited.
func (a *app) list(ctx context.Context, args []string, run *report.Run) ([]source.Item, error) {
	var items []source.Item
	var errs []error
	for _, arg := range args {
		listing, err := source.Open(ctx, arg)
		if err != nil {
			errs = append(errs, err)
			run.Troubles = append(run.Troubles, source.Trouble{Location: arg, Message: err.Error()})
			continue
		}
		a.say("source %s (%s): %d artifacts, %d files not recognised", listing.Source, listing.Kind, len(listing.Items), len(listing.Unrecognised))
		if len(args) > 1 {
			listing.Qualify()
		}
		items = append(items, listing.Items...)
		run.Unrecognised = append(run.Unrecognised, listing.Unrecognised...)
		run.Troubles = append(run.Troubles, listing.Troubles...)
	}
	if len(errs) == len(args) {
		return nil, errors.Join(errs...)
	}
	return items, nil
}

// progress shows on a terminal how far a run is, on one line that comes and goes.
type progress struct {
	w    io.Writer // nil: nothing is shown
	last time.Time
}

// redraw is how often the line is drawn at most.
const redraw = 100 * time.Millisecond

func (a *app) progress() *progress {
	if _, ok := terminal(a.err); !ok || a.config.GetBool("quiet") {
		return &progress{}
	}
	return &progress{w: a.err}
}

func (p *progress) show(at audit.Progress) {
	if p.w == nil || time.Since(p.last) < redraw {
		return
	}
	p.last = time.Now()
	fmt.Fprintf(p.w, "\r\x1b[K%d of %d artifacts, %d MiB", at.Done, at.Total, at.Bytes>>20)
}

func (p *progress) clear() {
	if p.w != nil {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}
