package compare

import (
	"fmt"
	"strings"
	"testing"

	"migrate/pgp"
	"migrate/sigstore"
)

func withDigest(hex string) change { return func(e *Evidence) { e.SHA256 = strings.Repeat(hex, 32) } }

// renamed is the embeddable zip of 3.7.2 under both its names.
func renamed(t testing.TB) []Evidence {
	return []Evidence{
		evidence(t, "python-3.7.2.post1-embed-amd64.zip", withDigest("aa")),
		evidence(t, "python-3.7.2-embed-amd64.zip", withDigest("aa")),
		evidence(t, "python-3.7.2-amd64.exe", withDigest("bb")),
	}
}

func TestSameDigest(t *testing.T) {
	all, _ := AssessAll(renamed(t), roster(t))
	if all[0].Name.File != "python-3.7.2-amd64.exe" {
		t.Fatalf("first is %s", all[0].Name.File)
	}
	wantCodes(t, all[0])
	wantWords(t, message(t, all[1], "compare/same-digest"), "3.7.2/python-3.7.2.post1-embed-amd64.zip")
	wantWords(t, message(t, all[2], "compare/same-digest"), "same bytes", "3.7.2/python-3.7.2-embed-amd64.zip")

	// Nobody has read the bytes of tracker data.
	ev := renamed(t)
	for i := range ev {
		ev[i].Size = -1
	}
	all, _ = AssessAll(ev, roster(t))
	wantWords(t, message(t, all[2], "compare/same-digest"), "The source gives the same digest for 3.7.2/python-3.7.2-embed-amd64.zip")
}

func TestSameDigestOfOneArtifact(t *testing.T) {
	elsewhere := func(e *Evidence) { e.Location = "copy/" + e.Name.File }
	for _, tt := range []struct {
		name string
		ev   []Evidence
	}{
		{"Debian's copy", []Evidence{
			evidence(t, "Python-3.13.5.tar.xz", withDigest("aa")),
			evidence(t, "python3.13_3.13.5.orig.tar.xz", withDigest("aa")),
		}},
		{"a second copy", []Evidence{
			evidence(t, "Python-3.13.5.tar.xz", withDigest("aa")),
			evidence(t, "Python-3.13.5.tar.xz", withDigest("aa"), elsewhere),
		}},
		{"digests not known", []Evidence{
			evidence(t, "Python-3.13.5.tar.xz"),
			evidence(t, "Python-3.13.5.tgz"),
		}},
	} {
		all, _ := AssessAll(tt.ev, roster(t))
		for _, a := range all {
			if got := codesOf(a); len(got) > 0 {
				t.Errorf("%s: %s has findings %q", tt.name, a.Location, got)
			}
		}
	}
}

// TestSameDigestOfMany: a report on a folder of copies does not grow with the
// square of their number.
func TestSameDigestOfMany(t *testing.T) {
	var ev []Evidence
	for i := range 400 {
		ev = append(ev, evidence(t, fmt.Sprintf("Python-3.13.%d.tgz", i), withDigest("aa")))
		ev = append(ev, ev[len(ev)-1]) // at the same place: named once
	}
	all, _ := AssessAll(ev, roster(t))
	wantWords(t, message(t, all[0], "compare/same-digest"), "also published as 3.13.1/Python-3.13.1.tgz, 3.13.2/",
		"3.13.9/Python-3.13.9.tgz, 3.13.10/Python-3.13.10.tgz and others")
	for _, a := range all {
		if n := strings.Count(message(t, a, "compare/same-digest"), ".tgz"); n != maxNamed {
			t.Errorf("%s names %d others", a.Name.File, n)
		}
	}
	all, _ = AssessAll(ev[:2*maxNamed+2], roster(t))
	if m := message(t, all[0], "compare/same-digest"); strings.Count(m, ".tgz") != maxNamed || strings.Contains(m, "others") {
		t.Errorf("of %d: %s", maxNamed+1, m)
	}
}

// backFilled is 3.10.1, whose bundle was made 485 days after its release, as
// its .asc and the releases after it show.
func backFilled(t testing.TB) []Evidence {
	return []Evidence{
		evidence(t, "Python-3.10.1.tgz", signedOn(on(t, "2021-12-06"), on(t, "2023-04-05"))),
		evidence(t, "Python-3.10.2.tgz", signedOn(on(t, "2022-01-14"), on(t, "2022-01-14"))),
	}
}

func TestBackFilled(t *testing.T) {
	r := roster(t)
	const code = "sigstore/back-filled"
	count := func(all []Assessment) (n int) {
		for _, a := range all {
			for _, f := range a.Findings {
				if f.Code == code {
					n++
				}
			}
		}
		return n
	}
	assess := func(changes ...change) []Assessment {
		ev := backFilled(t)
		for i := range ev {
			for _, c := range changes {
				c(&ev[i])
			}
		}
		all, _ := AssessAll(ev, r)
		return all
	}
	only := func(version string, c change) change {
		return func(e *Evidence) {
			if e.Name.Version.String() == version {
				c(e)
			}
		}
	}

	all := assess()
	if count(all) != 1 {
		t.Fatalf("%d bundles are back-filled, want 1", count(all))
	}
	wantWords(t, message(t, all[0], code), "made on 2023-04-05", "at least 485 days after 3.10.1",
		"PGP signature of Python-3.10.1.tgz was made on 2021-12-06")

	// Without an .asc that counts, the next release dates it.
	all = assess(only("3.10.1", unseen))
	wantWords(t, message(t, all[0], code), "at least 446 days after 3.10.1", "PGP signature of Python-3.10.2.tgz was made on 2022-01-14")
	if weak := assess(only("3.10.1", func(e *Evidence) { e.PGP.Status = pgp.Weak })); count(weak) != 1 {
		t.Error("a weak signature dated a release")
	} else {
		wantWords(t, message(t, weak[0], code), "446 days")
	}
	all = assess(unseen, only("3.10.2", bySigstore(sigstore.Result{Status: sigstore.Good, Identity: pablo, LogTime: on(t, "2022-01-20")})))
	wantWords(t, message(t, all[0], code), "at least 440 days", "bundle of Python-3.10.2.tgz was made on 2022-01-20")

	for name, all := range map[string][]Assessment{
		"nothing dates the release":             assess(unseen, only("3.10.2", noBundle)),
		"the later release's bundle is not ok":  assess(unseen, only("3.10.2", func(e *Evidence) { e.Sigstore.Status = sigstore.Bad })),
		"the bundle is not good":                assess(only("3.10.1", func(e *Evidence) { e.Sigstore.Status = sigstore.WrongIdentity })),
		"the bundle has no time":                assess(only("3.10.1", func(e *Evidence) { e.Sigstore.LogTime = on(t, "0001-01-01").Add(-12 * 3600e9) })),
		"fourteen days are not long":            assess(only("3.10.1", func(e *Evidence) { e.Sigstore.LogTime = on(t, "2021-12-20") })),
		"the artifact could not be read at all": assess(only("3.10.1", func(e *Evidence) { e.Trouble = "input/output error" })),
	} {
		if n := count(all); n != 0 {
			t.Errorf("%s: %d bundles are back-filled, want none", name, n)
		}
	}
	if n := count(assess(only("3.10.1", func(e *Evidence) { e.Sigstore.LogTime = on(t, "2021-12-21") }))); n != 1 {
		t.Errorf("fifteen days: %d bundles are back-filled, want 1", n)
	}

	// Another series says nothing about this one.
	ev := []Evidence{
		evidence(t, "Python-3.12.0.tgz", unseen, func(e *Evidence) { e.Sigstore.LogTime = on(t, "2024-06-01") }),
		evidence(t, "Python-3.13.0.tgz", unseen, func(e *Evidence) { e.Sigstore.LogTime = on(t, "2023-06-01") }),
	}
	if all, _ := AssessAll(ev, r); count(all) != 0 {
		t.Error("a bundle is back-filled by the word of another series")
	}
}

func TestAssessAllSorts(t *testing.T) {
	files := []string{"Python-3.14.0.tgz", "python-3.13.10-amd64.exe", "Python-3.13.10.tgz", "Python-3.13.9.tgz", "Python-3.13.0rc1.tgz", "Python-2.7.18.tgz"}
	var ev []Evidence
	for _, f := range files {
		ev = append(ev, evidence(t, f))
	}
	odd := Evidence{Location: "hello.tar.gz"}
	odd.Name.File, odd.Name.Upstream = "hello.tar.gz", "hello.tar.gz"
	ev = append(ev, odd)
	all, series := AssessAll(ev, roster(t))
	var got, gotSeries []string
	for _, a := range all {
		got = append(got, a.Name.File)
	}
	for _, s := range series {
		gotSeries = append(gotSeries, s.Series.String())
	}
	want := "hello.tar.gz Python-2.7.18.tgz Python-3.13.0rc1.tgz Python-3.13.9.tgz Python-3.13.10.tgz python-3.13.10-amd64.exe Python-3.14.0.tgz"
	if strings.Join(got, " ") != want {
		t.Errorf("order %q, want %q", got, want)
	}
	if strings.Join(gotSeries, " ") != "2.7 3.13 3.14" {
		t.Errorf("series %q", gotSeries)
	}
	wantWords(t, message(t, all[0], "source/unknown-series"), "not a name of CPython's")
	if all, series := AssessAll(nil, roster(t)); len(all) != 0 || len(series) != 0 {
		t.Errorf("of nothing: %v, %v", all, series)
	}
}
