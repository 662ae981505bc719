package main

import (
	"io"
	"strings"

	"github.com/spf13/cobra"

	"migrate/internal/clients"
	"migrate/report"
)

func (a *app) mergeCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "merge PART.json...",
		Short: "Make one report of the parts of a matrix",
		Long: `Make one report of several that were saved with --format json, such as those
of the jobs that migrate matrix lists. Nothing is verified again. What the parts
found is judged again as a whole, so that the result is the report that one
undivided run would have given; the roster has to be the one of the parts.

An artifact that several parts have is one, if they say the same about it.

A part says of how many artifacts it is a part. If the parts do not hold all of
them, merge says how many they hold and ends with status 2; with --allow-missing
the result says that it is a part itself. Where sources were divided each by
itself, merge the parts of each first, and then the reports that this makes.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.merge(cmd, args) },
	}
	flags := cmd.Flags()
	flags.String("format", "json", "one of "+strings.Join(formatNames(), ", "))
	flags.StringP("output", "o", "", "write to `FILE` in place of standard output")
	flags.String("fail-on", "error", "exit with status 1 from this `LEVEL` of finding on: note, warning, error")
	flags.Bool("all", false, "table: a row for every artifact, also for those that are alike")
	flags.String("roster", "", "roster `FILE` that the parts were made with, in place of the built-in one")
	flags.Bool("allow-different-trust", false, "merge also parts that stood on different trust roots, rosters or copies of keys")
	flags.Bool("allow-missing", false, "merge also parts that do not hold all artifacts; the result is then a part too")
	return cmd
}

func (a *app) merge(cmd *cobra.Command, files []string) error {
	format, err := formatNamed(ownFormat(cmd)) // the next step of a pipeline needs JSON
	if err != nil {
		return err
	}
	failOn, err := a.failOn()
	if err != nil {
		return err
	}
	roster, err := a.loadRoster()
	if err != nil {
		return err
	}
	table, err := clients.Embedded()
	if err != nil {
		return err
	}
	var parts []report.Input
	for _, file := range files {
		doc, err := readReport(file)
		if err != nil {
			return err
		}
		parts = append(parts, report.Input{Name: file, Document: doc})
	}
	doc, err := report.Merge(parts, report.MergeOptions{
		Generator:           report.Generator{Name: "migrate", Version: version()},
		Roster:              roster,
		Clients:             table,
		AllowDifferentTrust: a.config.GetBool("allow-different-trust"),
		AllowMissing:        a.config.GetBool("allow-missing"),
	})
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
