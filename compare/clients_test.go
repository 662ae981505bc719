package compare

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"migrate/internal/clients"
	"migrate/sigstore"
)

func clientTable(t testing.TB) *clients.Table {
	t.Helper()
	table, err := clients.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// bundled is an artifact with a good bundle of a form.
func bundled(t testing.TB, file, mediaType string, change func(r *sigstore.Result)) Evidence {
	t.Helper()
	e := evidence(t, file)
	e.Location, e.SHA256 = file, strings.Repeat("ab", 32)
	e.Sigstore = sigstore.Result{Status: sigstore.Good, Identity: thomas, MediaType: mediaType, KeyAlgorithm: "ECDSA-P256", HashAlgorithm: "SHA-256",
		RekorVersion: 1, InclusionProof: true, Checkpoint: true, LogTime: time.Date(2025, 6, 11, 0, 0, 0, 0, time.UTC)}
	if change != nil {
		change(&e.Sigstore)
	}
	return e
}

const (
	v01 = "application/vnd.dev.sigstore.bundle+json;version=0.1"
	v02 = "application/vnd.dev.sigstore.bundle+json;version=0.2"
	v03 = "application/vnd.dev.sigstore.bundle.v0.3+json"
)

func TestWithClients(t *testing.T) {
	all, series := AssessAll([]Evidence{
		bundled(t, "Python-3.13.4.tgz", v01, func(r *sigstore.Result) { r.KeyAlgorithm, r.DeprecatedP384 = "ECDSA-P384", true }),
		bundled(t, "Python-3.13.5.tgz", v03, nil),
		// What is not good says nothing about clients.
		bundled(t, "Python-3.13.5.tar.xz", v03, func(r *sigstore.Result) { r.Status, r.RekorVersion = sigstore.Bad, 2 }),
		bundled(t, "python-3.13.5-macos11.pkg", v03, func(r *sigstore.Result) { r.Status, r.RekorVersion = sigstore.GoodFromLog, 2 }),
		bundled(t, "Python-3.12.4.tgz", v02, func(r *sigstore.Result) { r.Timestamps = []time.Time{r.LogTime} }),
		bundled(t, "Python-3.11.4.tgz", v01, func(r *sigstore.Result) { r.Status = sigstore.WrongIdentity }),
	}, roster(t))
	before := slices.Clone(series)
	got := map[string]string{}
	for _, s := range WithClients(series, all, clientTable(t)) {
		for _, c := range s.Clients {
			got[s.Series.String()+" "+c.Client] = fmt.Sprintf("%s %v %v", c.Min, c.Unknown, c.Never)
		}
		if s.Series.Minor == 11 && s.Clients != nil {
			t.Errorf("3.11 has no good bundle: %+v", s.Clients)
		}
	}
	for k, want := range map[string]string{
		"3.13 cosign": "2.4.0 [] []", "3.13 sigstore-python": "3.0.0 [] []", "3.13 sigstore-go": "0.3.0 [] []",
		"3.13 sigstore-js": "1.2.0 [p384-sha256] []", "3.13 sigstore-java": "0.8.0 [p384-sha256] []",
		"3.13 sigstore-ruby": "0.1.0 [p384-sha256] []", "3.13 sigstore-rs": "0.14.0 [p384-sha256] []",
		"3.12 cosign": "2.4.0 [] []", "3.12 sigstore-python": "3.6.0 [] []", "3.12 sigstore-go": "0.1.0 [rfc3161-timestamp] []",
		"3.12 sigstore-java": "2.0.0 [] []", "3.12 sigstore-ruby": "0.1.0 [rfc3161-timestamp] []",
	} {
		if got[k] != want {
			t.Errorf("%s: %q, want %q", k, got[k], want)
		}
	}
	for i := range before {
		if series[i].Clients != nil {
			t.Error("the argument was changed")
		}
	}
	for _, s := range WithClients(series, all, nil) {
		if s.Clients != nil {
			t.Error("without a table something is known of clients")
		}
	}
}

// asking is what AskClients finds of each of the clients.
func asking(t *testing.T, e Evidence, asked ...string) []Finding {
	t.Helper()
	table := clientTable(t)
	var versions []clients.Version
	for _, text := range asked {
		v, err := table.ParseVersion(text)
		if err != nil {
			t.Fatal(err)
		}
		versions = append(versions, v)
	}
	a := Assess(e, roster(t))
	own := len(a.Findings)
	b := AskClients(a, table, versions)
	if len(a.Findings) != own {
		t.Error("the argument was changed")
	}
	return slices.DeleteFunc(slices.Clone(b.Findings), func(f Finding) bool { return !strings.HasPrefix(string(f.Code), "compare/client-") })
}

func TestAskClients(t *testing.T) {
	plain := bundled(t, "Python-3.13.5.tgz", v03, nil)
	old := bundled(t, "Python-3.11.2.tgz", v01, func(r *sigstore.Result) {
		r.Status, r.Reason, r.Checkpoint = sigstore.Incompatible, sigstore.NoCheckpoint, false
	})
	for _, tt := range []struct {
		name  string
		e     Evidence
		asked string
		want  string // "" for no finding
	}{
		{"good enough", plain, "cosign=2.4.0", ""},
		{"too old", plain, "cosign=2.2.4", "warning compare/client-too-old: cosign 2.2.4 does not accept this bundle (bundle v0.3 spelled .v0.3+json): use 2.4.0 or later"},
		{"no version does", bundled(t, "Python-3.13.5.tgz", "application/vnd.dev.sigstore.bundle+json;version=0.3", nil), "sigstore-rs=0.14.0",
			"warning compare/client-too-old: sigstore-rs 0.14.0 does not accept this bundle (bundle v0.3 spelled ;version=0.3): no version of it is known to; use another client"},
		{"nobody knows", bundled(t, "Python-3.13.5.tgz", v03, func(r *sigstore.Result) { r.DeprecatedP384 = true }), "sigstore-js=3.1.0",
			"note compare/client-unknown: Whether sigstore-js 3.1.0 accepts this bundle is not known (P-384 key with SHA-256)"},
		{"too old, and nobody knows since when", bundled(t, "Python-3.13.5.tgz", v03, func(r *sigstore.Result) { r.DeprecatedP384 = true }), "sigstore-js=1.1.0",
			"warning compare/client-too-old: sigstore-js 1.1.0 does not accept this bundle (bundle v0.3 spelled .v0.3+json): which version does is not known, none before 1.2.0"},
		{"too new", old, "sigstore-python=3.0.0", "warning compare/client-too-old: sigstore-python 3.0.0 does not accept this bundle (inclusion proof without checkpoint): which version does is not known, none before 1.1.0 and none from 3.0.0 on"},
		{"without checkpoint", old, "cosign=3.1.1", "warning compare/client-too-old: cosign 3.1.1 does not accept this bundle (inclusion proof without checkpoint): no version of it is known to; use another client"},
		// No client would come to another answer than this program: there is nothing to ask.
		{"a bad bundle", bundled(t, "Python-3.13.5.tgz", v03, func(r *sigstore.Result) { r.Status = sigstore.Bad }), "cosign=2.2.4", ""},
		{"no bundle", bundled(t, "Python-3.13.5.tgz", "", func(r *sigstore.Result) { *r = sigstore.Result{Status: sigstore.Missing} }), "cosign=2.2.4", ""},
		{"a newer bundle", bundled(t, "Python-3.13.5.tgz", v03, func(r *sigstore.Result) { r.Status, r.Reason = sigstore.Incompatible, sigstore.NewerBundle }), "cosign=2.2.4", ""},
		{"a pair", bundled(t, "Python-3.13.5.tgz", v03, func(r *sigstore.Result) { r.Status = sigstore.GoodFromLog }), "cosign=2.2.4", ""},
	} {
		var got []string
		for _, f := range asking(t, tt.e, tt.asked) {
			got = append(got, fmt.Sprintf("%s %s: %s", f.Level, f.Code, f.Message))
		}
		if s := strings.Join(got, "\n"); s != tt.want {
			t.Errorf("%s:\n%s\nwant\n%s", tt.name, s, tt.want)
		}
	}
	// Several clients are several findings, in order among the others.
	if got := asking(t, plain, "cosign=2.2.4", "sigstore-python=2.1.5", "sigstore-go=1.0.0"); len(got) != 2 || got[0].Level != Warning {
		t.Errorf("%v", got)
	}
	// A table that lacks the client knows nothing of it.
	a := AskClients(Assess(plain, roster(t)), clientTable(t), []clients.Version{{Client: "gpgv", Version: "2.4.0"}})
	if i := slices.IndexFunc(a.Findings, func(f Finding) bool { return f.Code == "compare/client-unknown" }); i < 0 || a.Findings[i].Message != "Nothing is known of gpgv 2.4.0" {
		t.Errorf("%v", a.Findings)
	}
}
