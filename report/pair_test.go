package report

import (
	"io"
	"strings"
	"testing"

	"migrate/compare"
	"migrate/internal/release"
	"migrate/keyrings"
	"migrate/pgp"
	"migrate/sigstore"
)

// pairFromLog is an installer with a .sig and .crt pair that is good by what the
// log was asked for, and with a good .asc.
func pairFromLog() compare.Assessment {
	a := artifact(release.Version{Major: 3, Minor: 10, Micro: 8}, "python-3.10.8-amd64.exe", release.RoleWindows, release.KindWindowsInst)
	a.Name.Platform = "amd64"
	const steve = "7ED10B6531D7C8E1BC296021FC624643487034E5"
	good(&a, steve, "Steve Dower <steve.dower@python.org>", "pablogsal@python.org", google)
	a.Expected.Sigstore, a.Expected.SigstoreReason = keyrings.Optional, "only a .sig and .crt pair"
	a.Sigstore.Status, a.Sigstore.MediaType, a.Sigstore.BundleVersion = sigstore.GoodFromLog, "", ""
	a.Sigstore.KeyAlgorithm, a.Sigstore.DeprecatedP384 = "ECDSA-P384", true
	a.LegacyPair, a.Bundle = true, compare.Sidecar{}
	a.Sig = compare.Sidecar{Location: a.Location + ".sig", SHA256: digest(11)}
	a.Crt = compare.Sidecar{Location: a.Location + ".crt", SHA256: digest(12)}
	return a
}

// pairReport is the report on a pair, as compare judges it.
func pairReport(t testing.TB, change func(*compare.Evidence)) *Document {
	t.Helper()
	roster, err := keyrings.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	e := pairFromLog().Evidence
	if change != nil {
		change(&e)
	}
	r := sampleRun()
	r.Unrecognised, r.Troubles = nil, nil
	r.Assessments, r.Series = compare.AssessAll([]compare.Evidence{e}, roster)
	return New(r)
}

// TestFromTheLogInEveryFormat: people read that it is from the log, programs the
// status, and nobody that there is a bundle.
func TestFromTheLogInEveryFormat(t *testing.T) {
	d := pairReport(t, nil)
	if a := d.Artifacts[0]; a.Verdict != compare.PGPOnly || d.Series[0].Readiness != compare.NotReady {
		t.Fatalf("%s, and the series %s", a.Verdict, d.Series[0].Readiness)
	}
	table := func(w io.Writer, d *Document) error { return Table(w, d, TableOptions{Width: 200}) }
	for name, tt := range map[string]struct {
		render func(io.Writer, *Document) error
		words  []string
	}{
		"table":    {table, []string{"good (from the log): pablogsal@python.org", "only a .sig and .crt pair", "good from the log", "keep verifying PGP"}},
		"markdown": {Markdown, []string{"good (from the log)", "sigstore/from-the-log", "good from the log"}},
		"html":     {HTML, []string{"good (from the log)", "good-from-log", "sigstore/from-the-log", "valid but not counted", ".exe.sig", digest(12)}},
		"text":     {Text, []string{"good (from the log), by pablogsal@python.org", "log entry 234567890", "sigstore/legacy-pair"}},
		"csv":      {CSV, []string{"good-from-log"}},
		"junit":    {JUnit, []string{"good (from the log): it is no bundle"}},
		"sarif":    {SARIF, []string{"sigstore/from-the-log", "sigstore/legacy-pair"}},
		"json":     {JSON, []string{`"status": "good-from-log"`, `"legacyPair": true`, `"sigSha256": "` + digest(11)}},
		"jsonl":    {JSONL, []string{`"status":"good-from-log"`}},
	} {
		got := render(t, tt.render, d)
		for _, w := range tt.words {
			if !strings.Contains(got, w) {
				t.Errorf("%s does not say %q:\n%s", name, w, got)
			}
		}
	}
	saved := render(t, JSON, d)
	back, err := Read(strings.NewReader(saved))
	if err != nil {
		t.Fatal(err)
	}
	if again := render(t, JSON, back); again != saved {
		t.Errorf("read and written again:\n%s", again)
	}
}

// TestLogIsNoBundle: a report must not be made to say that a series is ready by
// what only the log says.
func TestLogIsNoBundle(t *testing.T) {
	alone := func(e *compare.Evidence) { e.PGP, e.PGPFile = pgp.Result{Status: pgp.Missing}, compare.Sidecar{} }
	for _, change := range []func(*compare.Evidence){nil, alone} {
		honest := render(t, JSON, pairReport(t, change))
		for _, readiness := range []string{"ready", "ready-with-gaps"} {
			edited := strings.Replace(honest, `"readiness": "not-ready"`, `"readiness": "`+readiness+`"`, 1)
			if edited == honest {
				t.Fatal("nothing was edited")
			}
			if _, err := Read(strings.NewReader(edited)); err == nil || !strings.Contains(err.Error(), "it was edited") {
				t.Errorf("called %s: %v", readiness, err)
			}
		}
		edited := strings.Replace(strings.Replace(honest, `"pgp-only"`, `"equivalent"`, 1), `"sigstore-only"`, `"equivalent"`, 1)
		if _, err := Read(strings.NewReader(edited)); err == nil {
			t.Error("called equivalent, and read")
		}
	}
}

// TestDiffOfTheLog: that there is a bundle no more is a loss; that the log was
// not asked this time is none of Sigstore's, for it never counted.
func TestDiffOfTheLog(t *testing.T) {
	status := func(s sigstore.Status) func(*compare.Evidence) {
		return func(e *compare.Evidence) { e.Sigstore.Status = s }
	}
	for _, tt := range []struct {
		old, new sigstore.Status
		want     compare.Level
	}{
		{sigstore.Good, sigstore.GoodFromLog, compare.Warning},
		{sigstore.GoodFromLog, sigstore.Good, compare.Note},
		{sigstore.GoodFromLog, sigstore.Incompatible, compare.Note},
	} {
		old, new := pairReport(t, status(tt.old)), pairReport(t, status(tt.new))
		found := false
		for _, c := range Compare(old, new).Artifacts {
			for _, f := range c.Changes {
				if f.What == "sigstore status" {
					found = true
					if f.Level != tt.want {
						t.Errorf("%s to %s: %s, want %s", tt.old, tt.new, f.Level, tt.want)
					}
				}
			}
		}
		if !found {
			t.Errorf("%s to %s: no change", tt.old, tt.new)
		}
	}
}
