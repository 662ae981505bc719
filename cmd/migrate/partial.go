package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"time"

	"migrate/compare"
	"migrate/report"
)

// interrupted says that a run ended before it had looked at every artifact.
type interrupted struct {
	cause   error
	partial *report.Document // what it had found out; nil if that is nothing
}

func (e *interrupted) Error() string { return e.cause.Error() + ": no report is written" }

// partial is the report on the artifacts that a run has got to, which says that
// it is a part; nil if there are none. What an earlier run knew of the others is
// in it as well: the file may take the place of the one it was read from.
func (p *plan) partial(evidence []compare.Evidence) *report.Document {
	if len(evidence) == 0 {
		return nil
	}
	if p.auditor.Earlier != nil {
		type key struct{ location, file string }
		done := make(map[key]bool, len(evidence))
		for _, e := range evidence {
			done[key{e.Location, e.Name.File}] = true
		}
		evidence = slices.Clone(evidence)
		for _, it := range p.items {
			if e, ok := p.auditor.Earlier(it); ok && !done[key{it.Location, it.Name.File}] {
				e.Name, e.Location = it.Name, it.Location
				evidence = append(evidence, e)
			}
		}
	}
	run := p.Run
	run.Part = &report.Part{Selection: "interrupted", Of: len(p.items)}
	if p.Part != nil {
		run.Part = &report.Part{Selection: p.Part.Selection + ", interrupted", Of: p.Part.Of}
	}
	run.Assessments, run.Series = compare.AssessAll(evidence, p.roster)
	return report.New(run)
}

// keep keeps what an interrupted run found out: beside the output file, which
// stays as it was, else on standard output.
func (a *app) keep(cut *interrupted, format format) error {
	output := a.config.GetString("output")
	switch {
	case cut.partial == nil:
		return cut
	case partialFile(output) != "":
		if err := a.writePartial(cut.partial, output); err != nil {
			return errors.Join(cut, err)
		}
		return fmt.Errorf("%w: what is known of %d of %d artifacts is in %[4]s; to go on from there, run again with --baseline %[4]s",
			cut.cause, len(cut.partial.Artifacts), cut.partial.Part.Of, partialFile(output))
	case format.stream != nil:
		return fmt.Errorf("%w: the lines end without a summary", cut.cause)
	case format.name == "csv" || output != "" && output != "-": // where nothing would say that it is a part
		return cut
	}
	if err := a.render(cut.partial, format); err != nil {
		return errors.Join(cut, err)
	}
	return fmt.Errorf("%w: the report is only on %d of %d artifacts",
		cut.cause, len(cut.partial.Artifacts), cut.partial.Part.Of)
}

// partialFile is where a run that writes to output keeps what it has got to, or
// "" if there is no such place.
func partialFile(output string) string {
	if output == "" || output == "-" {
		return ""
	}
	if info, err := os.Stat(output); err == nil && !info.Mode().IsRegular() {
		return ""
	}
	return output + ".partial.json"
}

func (a *app) writePartial(doc *report.Document, output string) error {
	return a.writeTo(partialFile(output), func(w io.Writer) error { return report.JSON(w, doc) })
}

// checkpointEvery is how much of a run's work is lost at most if it is killed.
const checkpointEvery = time.Minute

// checkpoint keeps what a run has got to, in case it is killed. The zero value
// keeps nothing.
type checkpoint struct {
	app    *app
	plan   *plan
	output string
	last   time.Time
}

// checkpoint begins one for a run that writes to a file, and that can be gone
// on with: whose artifacts have validators.
func (a *app) checkpoint(p *plan) *checkpoint {
	output := a.config.GetString("output")
	for _, it := range p.items {
		if it.Validators != nil && partialFile(output) != "" {
			return &checkpoint{app: a, plan: p, output: output, last: a.now()}
		}
	}
	return &checkpoint{}
}

// at writes a partial report if it is time to.
func (c *checkpoint) at(evidence []compare.Evidence) error {
	if c.app == nil || c.app.now().Sub(c.last) < checkpointEvery {
		return nil
	}
	c.last = c.app.now()
	return c.app.writePartial(c.plan.partial(evidence), c.output)
}

// drop removes what was kept, by this run or one before, once there is a whole
// report.
func (c *checkpoint) drop() {
	file := partialFile(c.output)
	if c.app == nil || file == "" {
		return
	}
	if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
		c.app.complain(fmt.Errorf("%s: %w", file, pathless(err)))
	}
}
