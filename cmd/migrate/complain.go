package main

import (
	"errors"
	"fmt"

	"migrate/pgp"
	"migrate/report"
	"migrate/sigstore"
)

// complain says on one line of standard error what went wrong.
func (a *app) complain(err error) {
	fmt.Fprintf(a.err, "migrate: %s\n", oneLine(err))
}

// complainOf says on standard error, a line each, which files could not be
// looked at or are not what they are named; they are why the exit status is 2.
func (a *app) complainOf(d *report.Document) {
	said := map[string]bool{}
	say := func(place, format string, args ...any) {
		line := fmt.Sprintf(format, args...)
		if place != "" {
			line = place + ": " + line
		}
		if !said[line] {
			said[line] = true
			a.complain(errors.New(line))
		}
	}
	for _, t := range d.Troubles {
		say(t.Path, "%s", t.Message)
	}
	for i := range d.Artifacts {
		art := &d.Artifacts[i]
		if art.Trouble != "" {
			say(art.Place(), "%s", art.Trouble)
			continue
		}
		if p := art.PGP; p.Status == pgp.Malformed {
			say(p.File, "not a PGP signature: %s (migrate explain pgp/malformed)", p.Detail)
		} else if p.Reason == pgp.Unreadable {
			say(p.File, "%s (migrate explain pgp/unreadable)", p.Detail)
		}
		if s := art.Sigstore; s.Status == sigstore.Malformed {
			say(s.File, "not a Sigstore bundle: %s (migrate explain sigstore/malformed)", s.Detail)
		} else if s.Reason == sigstore.Unreadable {
			say(s.File, "%s (migrate explain sigstore/unreadable)", s.Detail)
		} else if s.Reason == sigstore.LookupFailed {
			say(s.SigFile, "the log could not be asked about it: %s (migrate explain sigstore/lookup-failed)", s.Detail)
		}
	}
}
