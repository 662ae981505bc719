package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

func (a *app) manCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "man DIR",
		Short: "Write a man page for each command into a folder",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return err
			}
			// Each page takes its title from its command; SOURCE_DATE_EPOCH
			// sets the date, for builds that are to be reproducible.
			date := a.now().UTC()
			header := &doc.GenManHeader{Section: "1", Source: "migrate " + version(), Date: &date}
			if os.Getenv("SOURCE_DATE_EPOCH") != "" {
				header.Date = nil // cobra reads the variable
			}
			root := cmd.Root()
			root.DisableAutoGenTag = true
			if err := doc.GenManTree(root, header, args[0]); err != nil {
				return fmt.Errorf("man pages: %w", err)
			}
			return nil
		},
	}
}
