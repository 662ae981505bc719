package audit

import (
	"errors"
	"slices"
	"testing"

	"migrate/internal/release"
	"migrate/internal/source"
	"migrate/pgp"
)

// A server that has no .asc of 3.14 may say so with 403 or a web page; one of
// 3.13 is due, and what cannot be asked for could not be checked.
func TestUnlistedSidecarThatCannotBeAskedFor(t *testing.T) {
	for _, test := range []struct {
		name     string
		file     string
		unlisted bool
		status   pgp.Status
	}{
		{"not due, not listed", "Python-3.14.0.tgz", true, pgp.Missing},
		{"not due, and listed", "Python-3.14.0.tgz", false, pgp.Unchecked},
		{"due, not listed", "Python-3.13.5.tgz", true, pgp.Unchecked},
	} {
		it := item(t, test.file)
		it.Open = content([]byte("x"))
		f := failed(errors.New("the server answered 403 Forbidden"))
		f.Unlisted = test.unlisted
		it.Sidecars[release.Asc] = f
		ev := slices.Collect(testAuditor(t).Run(t.Context(), []source.Item{it}))[0]
		if ev.PGP.Status != test.status {
			t.Errorf("%s: %v (%s)", test.name, ev.PGP.Status, ev.PGP.Detail)
		}
	}
}
