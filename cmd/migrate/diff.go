package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"migrate/report"
)

func (a *app) diffCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "diff OLD.json NEW.json",
		Short: "Show what changed between two saved reports",
		Long: `Show what changed between two reports saved with --format json, by artifact:
what appeared, what is gone, a digest that is another under the same name, and
verdicts, statuses, signers, findings and readiness that are not what they were.

An artifact is the same one in both by its name and version, so a mirror that
moved makes no difference. Neither does when, or by which version of this
program, the reports were made.

Exit status: 0 nothing changed, 1 something did, 2 trouble.`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error { return a.diff(cmd, args[0], args[1]) },
	}
	flags := cmd.Flags()
	flags.String("format", "table", "one of "+strings.Join(diffFormatNames(), ", "))
	flags.StringP("output", "o", "", "write to `FILE` in place of standard output")
	flags.Bool("all", false, "table: name every artifact, also of many that changed alike")
	return cmd
}

// diffFormat renders a difference.
type diffFormat struct {
	name   string
	render func(a *app, w io.Writer, d *report.Diff) error
}

func diffFormats() []diffFormat {
	return []diffFormat{
		{"table", func(a *app, w io.Writer, d *report.Diff) error {
			return report.DiffTable(w, d, report.TableOptions{Width: a.width(), Color: a.color(), All: a.config.GetBool("all")})
		}},
		{"markdown", func(_ *app, w io.Writer, d *report.Diff) error { return report.DiffMarkdown(w, d) }},
		{"json", func(_ *app, w io.Writer, d *report.Diff) error { return report.DiffJSON(w, d) }},
	}
}

func diffFormatNames() []string {
	var names []string
	for _, f := range diffFormats() {
		names = append(names, f.name)
	}
	return names
}

func diffFormatNamed(name string) (diffFormat, error) {
	for _, f := range diffFormats() {
		if f.name == name {
			return f, nil
		}
	}
	return diffFormat{}, fmt.Errorf("no such format of a difference: %s (want %s)", name, strings.Join(diffFormatNames(), ", "))
}

// comparable returns why two reports cannot be compared: of what one was not
// asked for, nobody can say that it is gone.
func comparable(before, after *report.Document) error {
	selection := func(d *report.Document) string {
		if d.Part == nil {
			return ""
		}
		return d.Part.Selection
	}
	old, new := selection(before), selection(after)
	for _, s := range []string{old, new} {
		if strings.Contains(s, "interrupted") {
			return errors.New("one of the reports is of a run that was interrupted: let it go on with --baseline, and compare what comes of that")
		}
	}
	if old != new {
		return fmt.Errorf("the reports are on different parts of their sources (%s and %s): compare whole ones, or the same part", cmp.Or(old, "all"), cmp.Or(new, "all"))
	}
	return nil
}

func (a *app) diff(cmd *cobra.Command, oldFile, newFile string) error {
	format, err := diffFormatNamed(ownFormat(cmd))
	if err != nil {
		return err
	}
	before, err := readReport(oldFile)
	if err != nil {
		return err
	}
	after, err := readReport(newFile)
	if err != nil {
		return err
	}
	if err := comparable(before, after); err != nil {
		return err
	}
	d := report.Compare(before, after)
	err = a.writeTo(a.config.GetString("output"), func(w io.Writer) error { return format.render(a, w, d) })
	if err != nil {
		return err
	}
	if !d.Summary.Same {
		return exitError(exitFindings)
	}
	return nil
}
