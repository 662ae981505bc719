package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
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
// it is a part; nil if there are none.
func (p *plan) partial(evidence []compare.Evidence) *report.Document {
	if len(evidence) == 0 {
		return nil
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
		return fmt.Errorf("%w: %d of %d artifacts were verified by then, and are in %[4]s; to go on from there, run again with --baseline %[4]s",
			cut.cause, len(cut.partial.Artifacts), cut.partial.Part.Of, partialFile(output))
	case format.stream != nil || output != "" && output != "-":
		return cut
	}
	if err := a.render(cut.partial, format); err != nil {
		return errors.Join(cut, err)
	}
	return fmt.Errorf("%w: the report is only on the %d of %d artifacts that were verified by then",
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
	app     *app
	plan    *plan
	output  string
	last    time.Time
	written bool
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
	c.written = true
	return c.app.writePartial(c.plan.partial(evidence), c.output)
}

// drop removes what was kept, once the run is whole.
func (c *checkpoint) drop() {
	if !c.written {
		return
	}
	if err := os.Remove(partialFile(c.output)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		c.app.complain(fmt.Errorf("%s: %w", partialFile(c.output), pathless(err)))
	}
}
