package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"migrate/compare"
	"migrate/internal/audit"
	"migrate/internal/clients"
	"migrate/internal/source"
	"migrate/keyrings"
	"migrate/report"
)

func (a *app) reportCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "report SOURCE...",
		Short: "Verify every artifact of a source both ways, and report",
		Long: `Verify every artifact of a source both ways, compare, and report, series by
series, whether one can move from PGP to Sigstore and what would change.

A SOURCE is
  a version, a series, a range, or all (3.13.5, 3.13, 3.10..3.14): read from
  python.org, or from a mirror with --base-url; nothing is written to disk,
  a folder laid out like python.org/ftp/python, or any folder of artifacts,
  one artifact, its sidecars beside it,
  a .dsc or .orig.tar.* of a Debian source package,
  a checkout of cpython-release-tracker (bundles are verified by digest), or
  a report saved with --format json, to render it again.`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New("name a source, e.g. 3.13 or a folder with releases (migrate report --help lists what can be one)")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return a.report(cmd.Context(), args) },
	}
	flags := cmd.Flags()
	flags.String("format", "table", "one of "+strings.Join(formatNames(), ", "))
	flags.StringP("output", "o", "", "write to `FILE` in place of standard output")
	flags.String("fail-on", "error", "exit with status 1 from this `LEVEL` of finding on: note, warning, error")
	flags.Bool("all", false, "table: a row for every artifact, also for those that are alike")
	flags.IntP("jobs", "j", runtime.NumCPU(), "artifacts read side by side")
	flags.StringSlice("client", nil, "tell of each bundle whether this `CLIENT=VERSION` accepts it, e.g. cosign=2.4.0 (repeatable)")
	partFlags(cmd)
	onlineFlags(cmd)
	trustFlags(cmd)
	return cmd
}

// format renders a document.
type format struct {
	name   string
	render func(a *app, w io.Writer, d *report.Document) error
	// stream, if set, writes the same while the run goes on.
	stream func(w io.Writer, r report.Run) (*report.Stream, error)
}

func formats() []format {
	return []format{
		{name: "table", render: func(a *app, w io.Writer, d *report.Document) error {
			return report.Table(w, d, report.TableOptions{Width: a.width(), Color: a.color(), All: a.config.GetBool("all")})
		}},
		{name: "markdown", render: func(_ *app, w io.Writer, d *report.Document) error { return report.Markdown(w, d) }},
		{name: "html", render: func(_ *app, w io.Writer, d *report.Document) error { return report.HTML(w, d) }},
		{name: "json", render: func(_ *app, w io.Writer, d *report.Document) error { return report.JSON(w, d) }},
		{name: "jsonl", render: func(_ *app, w io.Writer, d *report.Document) error { return report.JSONL(w, d) }, stream: report.NewStream},
		{name: "csv", render: func(_ *app, w io.Writer, d *report.Document) error { return report.CSV(w, d) }},
		{name: "junit", render: func(_ *app, w io.Writer, d *report.Document) error { return report.JUnit(w, d) }},
		{name: "sarif", render: func(_ *app, w io.Writer, d *report.Document) error { return report.SARIF(w, d) }},
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
	return formatNamed(a.config.GetString("format"))
}

func formatNamed(name string) (format, error) {
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
	if err := checkOutput(a.config.GetString("output")); err != nil {
		return err
	}
	doc, err := a.write(ctx, args, format)
	if err != nil {
		return err
	}
	if status := doc.Exit(failOn); status != exitOK {
		return exitError(status)
	}
	return nil
}

// write writes the report on the sources, read again if it was saved, made
// anew otherwise, and returns it.
func (a *app) write(ctx context.Context, args []string, format format) (*report.Document, error) {
	if slices.ContainsFunc(args, source.IsReport) {
		doc, err := a.saved(args)
		if err != nil {
			return nil, err
		}
		return doc, a.render(doc, format)
	}
	p, err := a.prepare(ctx, args)
	if err != nil {
		return nil, err
	}
	if p.store != nil {
		defer p.store.Close()
	}
	return a.carryOut(ctx, p, format)
}

// carryOut audits the plan's artifacts and writes the report; if the run is
// interrupted, one on those that it has got to, elsewhere.
func (a *app) carryOut(ctx context.Context, p *plan, format format) (doc *report.Document, err error) {
	if format.stream != nil {
		doc, err = a.stream(ctx, p, format)
	} else if doc, err = a.audit(ctx, p, nil); err == nil {
		err = a.render(doc, format)
	}
	if cut := (*interrupted)(nil); errors.As(err, &cut) {
		return nil, a.keep(cut, format)
	}
	if err != nil {
		return nil, err
	}
	p.checkpoint.drop() // only now: the report is written
	return doc, nil
}

func (a *app) render(doc *report.Document, format format) error {
	a.complainOf(doc)
	return a.writeTo(a.config.GetString("output"), func(w io.Writer) error { return format.render(a, w, doc) })
}

// stream writes the report on an audit while it goes on.
func (a *app) stream(ctx context.Context, p *plan, format format) (doc *report.Document, err error) {
	err = a.writeTo(a.config.GetString("output"), func(w io.Writer) error {
		s, err := format.stream(w, p.Run)
		if err != nil {
			return err
		}
		if doc, err = a.audit(ctx, p, s.Artifact); err != nil {
			return err
		}
		return s.Finish(doc)
	})
	if err != nil {
		return nil, err
	}
	a.complainOf(doc)
	return doc, nil
}

func (a *app) saved(args []string) (*report.Document, error) {
	if len(args) > 1 {
		return nil, errors.New("a saved report is a source of its own: name it alone")
	}
	if err := a.wantWhole(); err != nil {
		return nil, err
	}
	if len(a.config.GetStringSlice("client")) > 0 {
		return nil, errors.New("--client is asked of artifacts, and a saved report is rendered as it is: make it again with --client")
	}
	return readReport(args[0])
}

// askedClients are the clients that --client names, in order.
func (a *app) askedClients(t *clients.Table) ([]clients.Version, error) {
	var asked []clients.Version
	for _, text := range a.config.GetStringSlice("client") {
		v, err := t.ParseVersion(text)
		if err != nil {
			return nil, fmt.Errorf("--client: %w", err)
		}
		asked = append(asked, v)
	}
	return clients.SortVersions(asked), nil
}

// plan is an audit that can begin: what is known before any artifact is read.
type plan struct {
	report.Run
	items   []source.Item // in the order of the report
	auditor audit.Auditor
	roster  *keyrings.Roster

	checkpoint *checkpoint   // set once the audit has begun
	store      *source.Store // nil: nothing is kept
}

// maxJobs bounds --jobs: each has a buffer of its own, and the disk does not get
// faster.
const maxJobs = 1024

func (a *app) prepare(ctx context.Context, args []string) (*plan, error) {
	now, err := a.present()
	if err != nil {
		return nil, err
	}
	t, err := a.loadTrust(false)
	if err != nil {
		return nil, err
	}
	for _, problem := range t.problems {
		a.complain(fmt.Errorf("%s: %s", problem.Source, problem.Message))
	}

	p := &plan{roster: t.roster, auditor: t.auditor(now), Run: report.Run{
		Generator: report.Generator{Name: "migrate", Version: version()},
		Time:      now,
		Offline:   true,
		Sources:   args,
		Cycle:     t.cycle,
		Clients:   t.clients,
	}}
	if p.Asked, err = a.askedClients(t.clients); err != nil {
		return nil, err
	}
	if p.auditor.Jobs = a.config.GetInt("jobs"); p.auditor.Jobs < 1 || p.auditor.Jobs > maxJobs {
		return nil, fmt.Errorf("--jobs %d: want 1 or more, and %d at most", p.auditor.Jobs, maxJobs)
	}
	earlier, err := a.earlier()
	if err != nil {
		return nil, err
	}
	items, err := a.list(ctx, args, &p.Run)
	if err != nil {
		return nil, err
	}
	if p.items, err = a.takePart(items, &p.Run); err != nil {
		return nil, err
	}
	slices.SortStableFunc(p.items, func(a, b source.Item) int {
		return cmp.Or(a.Name.Compare(b.Name), cmp.Compare(a.Location, b.Location))
	})
	if err := a.checkSave(p.items); err != nil {
		return nil, err
	}
	if err := a.goOnline(ctx, p, t); err != nil {
		return nil, err
	}
	p.Trust = t.describe()
	if err := a.carryOver(p, earlier); err != nil {
		return nil, err
	}
	p.store, err = a.save(p)
	return p, err
}

// audit reads every artifact. If each is set, it is handed the assessment of
// each artifact by itself as soon as its turn has come; its error ends the run.
//
// A run that is interrupted has no report, as one of what it had got to would
// take the place of a whole one: the error is an *interrupted.
func (a *app) audit(run context.Context, p *plan, each func(compare.Assessment) error) (*report.Document, error) {
	ctx, cancel := context.WithCancel(run)
	defer cancel()
	defer a.startProgress(p, each != nil)()
	evidence := make([]compare.Evidence, 0, len(p.items))
	p.checkpoint = a.checkpoint(p)
	var err error
	for e := range p.auditor.Run(ctx, p.items) {
		evidence = append(evidence, e)
		if err = p.checkpoint.at(evidence); err != nil {
			cancel()
			break
		}
		if each == nil {
			continue
		}
		if err = each(compare.Assess(e, p.roster)); err != nil {
			cancel() // ends the reading of the artifacts after this one
			break
		}
	}
	if err != nil {
		return nil, err
	}
	if run.Err() != nil {
		return nil, &interrupted{cause: context.Cause(run), partial: p.partial(evidence)}
	}
	p.Assessments, p.Series = compare.AssessAll(evidence, p.roster)
	return report.New(p.Run), nil
}

func readReport(file string) (*report.Document, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, pathless(err))
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
	listed := map[string]bool{}
	for _, arg := range args {
		listing, err := a.listOne(ctx, arg)
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if err != nil {
			errs = append(errs, err)
			run.Troubles = append(run.Troubles, source.Trouble{Message: err.Error()}) // which names arg
			continue
		}
		a.say("source %s (%s): %d artifacts, %d files not recognised", listing.Source, listing.Kind, len(listing.Items), len(listing.Unrecognised))
		for _, remark := range listing.Remarks {
			a.remark("%s", remark)
		}
		if len(args) > 1 {
			listing.Qualify()
		}
		for _, it := range listing.Items {
			place, err := filepath.Abs(it.Location)
			if len(args) > 1 && err == nil && listed[place] {
				run.Troubles = append(run.Troubles, source.Trouble{
					Location: it.Location,
					Message:  fmt.Sprintf("was listed before, and is looked at once: do not name %q beside another source that holds it", arg),
				})
				continue
			}
			listed[place] = true
			items = append(items, it)
		}
		run.Unrecognised = append(run.Unrecognised, listing.Unrecognised...)
		run.Troubles = append(run.Troubles, listing.Troubles...)
	}
	if len(errs) == len(args) {
		return nil, errors.Join(errs...)
	}
	return items, nil
}
