package clients

import (
	"slices"
	"strings"
	"testing"
	"time"

	"migrate/sigstore"
)

func table(t testing.TB) *Table {
	t.Helper()
	table, err := Embedded()
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// usual is a bundle as CPython's are today.
func usual() sigstore.Result {
	return sigstore.Result{
		Status: sigstore.Good, MediaType: "application/vnd.dev.sigstore.bundle.v0.3+json", BundleVersion: "0.3",
		KeyAlgorithm: "ECDSA-P256", HashAlgorithm: "SHA-256", RekorVersion: 1, LogTime: time.Unix(1700000000, 0),
		InclusionPromise: true, InclusionProof: true, Checkpoint: true,
	}
}

func TestNeeds(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(r *sigstore.Result)
		want   []Need
	}{
		{"as today", func(*sigstore.Result) {}, []Need{BundleV03}},
		{"v0.3 with a parameter", func(r *sigstore.Result) { r.MediaType = "application/vnd.dev.sigstore.bundle+json;version=0.3" }, []Need{BundleV03Parameter}},
		{"v0.2", func(r *sigstore.Result) { r.MediaType = "application/vnd.dev.sigstore.bundle+json;version=0.2" }, []Need{BundleV02}},
		{"v0.1", func(r *sigstore.Result) { r.MediaType = "application/vnd.dev.sigstore.bundle+json;version=0.1" }, []Need{BundleV01}},
		{"v0.1 without checkpoint", func(r *sigstore.Result) {
			r.MediaType, r.Checkpoint = "application/vnd.dev.sigstore.bundle+json;version=0.1", false
		}, []Need{BundleV01, NoCheckpoint}},
		{"without a proof there is no checkpoint to miss", func(r *sigstore.Result) {
			r.MediaType, r.InclusionProof, r.Checkpoint = "application/vnd.dev.sigstore.bundle+json;version=0.1", false, false
		}, []Need{BundleV01}},
		{"P-384 over SHA-256", func(r *sigstore.Result) { r.KeyAlgorithm, r.DeprecatedP384 = "ECDSA-P384", true }, []Need{BundleV03, P384SHA256}},
		{"P-384 over SHA-384", func(r *sigstore.Result) { r.KeyAlgorithm, r.HashAlgorithm = "ECDSA-P384", "SHA-384" }, []Need{BundleV03, Unlisted}},
		{"a timestamp", func(r *sigstore.Result) { r.Timestamps = []time.Time{time.Unix(1700000000, 0)} }, []Need{BundleV03, Timestamp}},
		{"Rekor v2", func(r *sigstore.Result) {
			r.RekorVersion, r.LogTime, r.InclusionPromise = 2, time.Time{}, false
			r.Timestamps = []time.Time{time.Unix(1700000000, 0)}
		}, []Need{BundleV03, Timestamp, RekorV2}},
		{"another spelling", func(r *sigstore.Result) { r.MediaType = "application/vnd.dev.sigstore.bundle+json; version=0.3" }, []Need{Unlisted}},
		{"a statement", func(r *sigstore.Result) { r.PredicateType = "https://slsa.dev/provenance/v1" }, []Need{BundleV03, Unlisted}},
		{"no log entry", func(r *sigstore.Result) { r.RekorVersion = 0 }, []Need{BundleV03, Unlisted}},
		{"nothing is known of it", func(r *sigstore.Result) { *r = sigstore.Result{} }, []Need{Unlisted}},
	} {
		r := usual()
		tt.change(&r)
		if got := Needs(r); !slices.Equal(got, tt.want) {
			t.Errorf("%s: needs %v, want %v", tt.name, got, tt.want)
		}
	}
}

// TestTable holds every cell of the embedded table to what the survey of clients
// found: the version, or the word that stands in its place.
func TestTable(t *testing.T) {
	order := []Need{BundleV01, BundleV02, BundleV03Parameter, BundleV03, NoCheckpoint, P384SHA256, Timestamp, RekorV2}
	want := map[string][]string{
		//                 v0.1      v0.2      ;0.3     .v0.3    no chk.   P-384    RFC3161  Rekor v2
		"cosign":          {"2.4.0", "2.4.0", "2.4.0", "2.4.0", "never", "2.4.0", "2.4.0", "2.6.0"},
		"sigstore-python": {"1.1.0", "2.0.0", "3.0.0", "3.0.0", "unknown <3.0.0", "always", "3.6.0", "4.0.0"},
		"sigstore-go":     {"0.1.0", "0.1.0", "0.3.0", "0.3.0", "never", "always", "unknown", "1.1.0"},
		"sigstore-js":     {"always", "always", "1.1.0", "1.2.0", "unknown", "unknown", "0.1.0", "3.1.0"},
		"sigstore-java":   {"0.3.0", "0.8.0", "0.8.0", "0.8.0", "unknown", "unknown", "2.0.0", "2.0.0"},
		"sigstore-ruby":   {"0.1.0", "0.1.0", "0.1.0", "0.1.0", "unknown", "unknown", "unknown", "never"},
		"sigstore-rs":     {"0.10.0", "0.10.0", "never", "0.14.0", "unknown", "unknown", "unknown", "never"},
	}
	table := table(t)
	if got := table.Names(); len(got) != len(want) {
		t.Errorf("clients %v", got)
	}
	for name, row := range want {
		for i, need := range order {
			a, err := table.First(name, []Need{need})
			if err != nil {
				t.Fatal(err)
			}
			got := "always"
			switch {
			case len(a.Never) > 0:
				got = "never"
			case len(a.Unknown) > 0:
				got = "unknown"
			case a.Min != "":
				got = a.Min
			}
			if a.Below != "" {
				got += " <" + a.Below
			}
			if got != row[i] {
				t.Errorf("%s, %s: %s, want %s", name, need, got, row[i])
			}
		}
	}
}

func TestFirst(t *testing.T) {
	newBundle := Flag{"--new-bundle-format", "2.4.0", "2.4.1"}
	for _, tt := range []struct {
		client  string
		needed  []Need
		min     string
		below   string
		unknown []Need
		never   []Need
		flags   []Flag
	}{
		{client: "cosign", needed: []Need{BundleV01, BundleV03, P384SHA256}, min: "2.4.0", flags: []Flag{newBundle}},
		// The flag is needed up to 3.0.4, and only from the first version that reads it on.
		{client: "cosign", needed: []Need{BundleV03, Timestamp, RekorV2}, min: "2.6.0", flags: []Flag{{"--use-signed-timestamps", "2.6.0", "3.0.4"}}},
		{client: "sigstore-python", needed: []Need{BundleV01, BundleV02, BundleV03}, min: "3.0.0"},
		{client: "sigstore-python", needed: []Need{BundleV03, Timestamp}, min: "3.6.0"},
		// What accepts v0.3 refuses a proof without checkpoint.
		{client: "sigstore-python", needed: []Need{BundleV01, NoCheckpoint}, min: "1.1.0", below: "3.0.0", unknown: []Need{NoCheckpoint}},
		{client: "sigstore-python", needed: []Need{BundleV03, NoCheckpoint}, never: []Need{NoCheckpoint}},
		// Unknown stays unknown beyond what is known.
		{client: "sigstore-go", needed: []Need{BundleV03, Timestamp}, min: "0.3.0", unknown: []Need{Timestamp}},
		{client: "sigstore-js", needed: []Need{BundleV01, P384SHA256}, unknown: []Need{P384SHA256}},
		{client: "sigstore-ruby", needed: []Need{BundleV03, Timestamp}, min: "0.1.0", unknown: []Need{Timestamp}},
		// Never outweighs unknown, and a lower bound is of no use then.
		{client: "sigstore-rs", needed: []Need{BundleV03Parameter, BundleV01, Timestamp, RekorV2}, never: []Need{BundleV03Parameter, RekorV2}},
		{client: "sigstore-go", needed: []Need{BundleV03, Unlisted}, min: "0.3.0", unknown: []Need{Unlisted}},
		{client: "sigstore-go", needed: []Need{P384SHA256}},
	} {
		got, err := table(t).First(tt.client, tt.needed)
		if err != nil {
			t.Fatal(err)
		}
		if got.Min != tt.min || got.Below != tt.below || !slices.Equal(got.Unknown, tt.unknown) || !slices.Equal(got.Never, tt.never) || !slices.Equal(got.Flags, tt.flags) {
			t.Errorf("%s for %v: %+v, want %+v", tt.client, tt.needed, got, tt)
		}
	}
	if _, err := table(t).First("gpgv", nil); err == nil || !strings.Contains(err.Error(), `no client is called "gpgv": there are cosign, sigstore-python,`) {
		t.Errorf("an unknown client: %v", err)
	}
}

func TestCheck(t *testing.T) {
	for _, tt := range []struct {
		version string
		needed  []Need
		status  Status
		because []Need
		flags   []string
	}{
		{"cosign=2.2.4", []Need{BundleV03}, Refuses, []Need{BundleV03}, nil},
		{"cosign=2.3.0", []Need{BundleV01, P384SHA256}, Refuses, []Need{BundleV01, P384SHA256}, nil},
		{"cosign=2.4.0", []Need{BundleV03}, Accepts, nil, []string{"--new-bundle-format"}},
		{"cosign=2.4.1", []Need{BundleV03}, Accepts, nil, []string{"--new-bundle-format"}},
		{"cosign=2.4.2", []Need{BundleV03}, Accepts, nil, nil},
		{"cosign=2.5.3", []Need{BundleV03, Timestamp, RekorV2}, Refuses, []Need{RekorV2}, nil},
		{"cosign=2.6.0", []Need{BundleV03, Timestamp, RekorV2}, Accepts, nil, []string{"--use-signed-timestamps"}},
		{"cosign=3.0.4", []Need{BundleV03, Timestamp, RekorV2}, Accepts, nil, []string{"--use-signed-timestamps"}},
		{"cosign=3.0.5", []Need{BundleV03, Timestamp, RekorV2}, Accepts, nil, nil},
		// Never for Rekor v1: the flag rejects bundles without a timestamp.
		{"cosign=3.0.4", []Need{BundleV03}, Accepts, nil, nil},
		{"cosign=3.0.4", []Need{BundleV03, Timestamp}, Accepts, nil, nil},
		{"cosign=10.0.0", []Need{BundleV03}, Accepts, nil, nil}, // no comparison of strings
		{"cosign=2.4.0-rc.1", []Need{BundleV03}, Refuses, []Need{BundleV03}, nil},
		{"cosign=3.1.1", []Need{BundleV01, NoCheckpoint}, Refuses, []Need{NoCheckpoint}, nil},
		{"sigstore-go=0.7.2", []Need{P384SHA256}, Accepts, nil, nil},
		{"sigstore-go=0.7.3", []Need{P384SHA256}, Accepts, nil, nil},
		{"sigstore-go=1.1.0", []Need{BundleV03, Timestamp}, Unknown, []Need{Timestamp}, nil},
		{"sigstore-go=0.2.0", []Need{BundleV03, Timestamp}, Refuses, []Need{BundleV03}, nil},
		{"sigstore-python=2.1.5", []Need{BundleV01, NoCheckpoint}, Unknown, []Need{NoCheckpoint}, nil},
		{"sigstore-python=3.0.0", []Need{BundleV01, NoCheckpoint}, Refuses, []Need{NoCheckpoint}, nil},
		{"sigstore-ruby=0.2.0", []Need{Timestamp}, Unknown, []Need{Timestamp}, nil},
		{"sigstore-rs=0.14.0", []Need{BundleV03}, Accepts, nil, nil},
		{"sigstore-rs=0.14.0", []Need{BundleV03Parameter}, Refuses, []Need{BundleV03Parameter}, nil},
	} {
		v, err := table(t).ParseVersion(tt.version)
		if err != nil {
			t.Fatal(err)
		}
		got, err := table(t).Check(v, tt.needed)
		if err != nil || got.Status != tt.status || !slices.Equal(got.Needs, tt.because) || !slices.Equal(got.Flags, tt.flags) {
			t.Errorf("%s of %v: %+v, %v; want %+v", tt.version, tt.needed, got, err, tt)
		}
	}
	for v, want := range map[Version]string{{"gpgv", "2.4.0"}: "no client is called", {"cosign", "2"}: `"2" is no version of cosign`} {
		if _, err := table(t).Check(v, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v", v, err)
		}
	}
}

func TestPackages(t *testing.T) {
	status := func(needed ...Need) (out []string) {
		for _, r := range table(t).Require(needed) {
			for _, p := range r.Packages {
				out = append(out, strings.Join([]string{p.Distribution, p.Release, p.Name, p.Version, string(p.Status)}, " "))
			}
		}
		return out
	}
	for _, tt := range []struct {
		needed []Need
		want   []string
	}{
		{[]Need{BundleV03, P384SHA256}, []string{"Debian trixie cosign 2.5.0 accepts", "Debian sid cosign 3.1.1 accepts", "Alpine 3.21 and later cosign 2.4.0 accepts", "Debian trixie and sid sigstore-python  none"}},
		// Alpine's is 2.4.0 or later: whether later enough, nobody says.
		{[]Need{BundleV03, RekorV2}, []string{"Debian trixie cosign 2.5.0 refuses", "Debian sid cosign 3.1.1 accepts", "Alpine 3.21 and later cosign 2.4.0 unknown", "Debian trixie and sid sigstore-python  none"}},
		{[]Need{BundleV01, NoCheckpoint}, []string{"Debian trixie cosign 2.5.0 refuses", "Debian sid cosign 3.1.1 refuses", "Alpine 3.21 and later cosign 2.4.0 refuses", "Debian trixie and sid sigstore-python  none"}},
	} {
		if got := status(tt.needed...); !slices.Equal(got, tt.want) {
			t.Errorf("%v: %q, want %q", tt.needed, got, tt.want)
		}
	}
}

func TestParseVersion(t *testing.T) {
	for in, want := range map[string]string{
		"cosign=2.2.4":             "cosign 2.2.4",
		"cosign=v2.2.4":            "cosign 2.2.4",
		"sigstore-js=3.0.0-rc.1":   "sigstore-js 3.0.0-rc.1",
		"cosign":                   `"cosign" is no client and version: write it like cosign=2.4.0`,
		"gpgv=2.4.0":               `no client is called "gpgv": there are cosign, sigstore-python, sigstore-go, sigstore-js, sigstore-java, sigstore-ruby, sigstore-rs`,
		"=2.4.0":                   `no client is called ""`,
		"cosign=":                  `"" is no version of cosign: write it like 2.4.0`,
		"cosign=2.4":               `"2.4" is no version of cosign`,
		"cosign=02.4.0":            `"02.4.0" is no version of cosign`,
		"cosign=2.4.0+build":       `"2.4.0+build" is no version of cosign`,
		"cosign=vv2.4.0":           `"v2.4.0" is no version of cosign`,
		"cosign=2.4.0 ":            `"2.4.0 " is no version of cosign`,
		"cosign=2.4.0\x1b[31m":     `"2.4.0\x1b[31m" is no version of cosign`,
		"sigstore-python=3.6.0rc1": `"3.6.0rc1" is no version of sigstore-python`,
		"cosign=" + strings.Repeat("1", 50) + ".0.0": "is no version of cosign",
	} {
		v, err := table(t).ParseVersion(in)
		if err != nil {
			if !strings.HasPrefix(err.Error(), want) && !strings.HasSuffix(err.Error(), want) && !strings.Contains(err.Error(), want) {
				t.Errorf("%q: %v, want %s", in, err, want)
			}
		} else if v.String() != want {
			t.Errorf("%q: %s, want %s", in, v, want)
		}
	}
}

func TestSortVersions(t *testing.T) {
	got := SortVersions([]Version{{"sigstore-go", "1.0.0"}, {"cosign", "10.0.0"}, {"cosign", "2.4.0"}, {"cosign", "10.0.0"}})
	if want := []Version{{"cosign", "2.4.0"}, {"cosign", "10.0.0"}, {"sigstore-go", "1.0.0"}}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// Every need says what it is.
func TestText(t *testing.T) {
	seen := map[string]bool{}
	for _, n := range append(slices.Clone(needs), Unlisted) {
		if n.Text() == string(n) || seen[n.Text()] {
			t.Errorf("%s is called %q", n, n.Text())
		}
		seen[n.Text()] = true
	}
}
