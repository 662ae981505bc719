package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"migrate/compare"
)

func (a *app) explainCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "explain CODE",
		Short: "Tell what a finding means, and what to do",
		Long:  "Tell what a finding means, why it matters for the move, and what to do.\nWithout CODE, list all of them.",
		Args:  cobra.MaximumNArgs(1),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			var codes []string
			for _, e := range compare.Catalogue() {
				codes = append(codes, string(e.Code)+"\t"+e.Title)
			}
			return codes, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return a.listCodes()
			}
			return a.explain(compare.Code(args[0]))
		},
	}
	return cmd
}

func (a *app) listCodes() error {
	for _, e := range compare.Catalogue() {
		if _, err := fmt.Fprintf(a.out, "%-36s %-8s %s\n", e.Code, e.Level, e.Title); err != nil {
			return err
		}
	}
	return nil
}

func (a *app) explain(code compare.Code) error {
	e, ok := compare.Explain(code)
	if !ok {
		return fmt.Errorf("no such finding: %s (migrate explain lists all of them)", code)
	}
	_, err := fmt.Fprintf(a.out, "%s (%s)\n%s\n\n%s\n\n%s\n\n%s\n",
		e.Code, e.Level, e.Title, wrap(e.Meaning), wrap("What to do: "+e.Action), wrap("Source: "+e.Source))
	return err
}

// wrap fills text to 78 columns.
func wrap(text string) string {
	var b strings.Builder
	column := 0
	for i, word := range strings.Fields(text) {
		n := len([]rune(word))
		switch {
		case i == 0:
		case column+1+n > 78:
			b.WriteByte('\n')
			column = 0
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += n
	}
	return b.String()
}
