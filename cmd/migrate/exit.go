package main

import (
	"errors"
	"fmt"
	"strings"

	"migrate/report"
)

// Exit statuses, like diff's and the same for every format.
const (
	exitOK       = 0 // nothing at or above --fail-on
	exitFindings = 1 // findings at or above it
	exitTrouble  = 2 // usage, nothing found, something that could not be checked
)

// exitError ends the program with a status after the command has said all it
// has to say.
type exitError int

func (e exitError) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// exitStatus is the one mapping from an error to an exit status.
func exitStatus(err error) int {
	var status exitError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &status):
		return int(status)
	}
	return exitTrouble
}

// oneLine is err's text on one line, whatever it holds made visible, for
// standard error.
func oneLine(err error) string {
	var parts []string
	for line := range strings.Lines(err.Error()) {
		if line = strings.TrimSpace(line); line != "" {
			parts = append(parts, report.Escape(line))
		}
	}
	return strings.Join(parts, "; ")
}
