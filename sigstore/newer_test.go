package sigstore_test

import (
	"os"
	"regexp"
	"testing"
	"time"

	"migrate/internal/sigstoretest"
	"migrate/sigstore"
)

// TestNewerThanRoot signs as alice on 2024-06-01 and varies the trust root's
// date, the present, and what is wrong with the bundle.
func TestNewerThanRoot(t *testing.T) {
	l := newLab(t, "newer")
	data, err := l.TrustRoot()
	if err != nil {
		t.Fatal(err)
	}
	verifier := func(t *testing.T, data []byte, current time.Time) *sigstore.Verifier {
		t.Helper()
		r, err := sigstore.ParseTrustRoot("test", data)
		if err != nil {
			t.Fatal(err)
		}
		if !current.IsZero() {
			r = r.AsOf(current)
		}
		v, err := sigstore.NewVerifier(r)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	ended := func(t *testing.T, key string) []byte {
		return trustRoot(t, l, func(r map[string]any) {
			entry := first(r, key)
			if public, ok := entry["publicKey"].(map[string]any); ok {
				entry = public
			}
			entry["validFor"].(map[string]any)["end"] = "2023-01-01T00:00:00Z"
		})
	}
	before, after := signing.Add(-time.Hour), signing.Add(time.Hour)
	v2 := sigstoretest.Signing{Log: sigstoretest.RekorV2, Timestamp: true}
	flawed := func(f sigstoretest.Flaw, g sigstoretest.Signing) sigstoretest.Signing { g.Flaw = f; return g }
	stamped := sigstoretest.Signing{Timestamp: true}

	for _, test := range []struct {
		name    string
		signing sigstoretest.Signing
		root    []byte
		current time.Time // of the trust root; zero: nobody knows
		present time.Time
		want    outcome
		newer   bool
	}{
		{"unknown authority", flawed(sigstoretest.ForgedChain, sigstoretest.Signing{}), data, before, after, outcome{sigstore.Untrusted, sigstore.UntrustedChain}, true},
		{"unknown certificate log", flawed(sigstoretest.UnknownCTLog, sigstoretest.Signing{}), data, before, after, outcome{sigstore.Untrusted, sigstore.UntrustedSCT}, true},
		{"unknown log", flawed(sigstoretest.UnknownLog, sigstoretest.Signing{}), data, before, after, outcome{sigstore.Untrusted, sigstore.UntrustedLog}, true},
		{"unknown log, Rekor v2", flawed(sigstoretest.UnknownLog, v2), data, before, after, outcome{sigstore.Untrusted, sigstore.UntrustedLog}, true},
		{"unknown timestamp authority", flawed(sigstoretest.UnknownTSA, v2), data, before, after, outcome{sigstore.Untrusted, sigstore.UntrustedTime}, true},

		// The trust root's date.
		{"a trust root of today", flawed(sigstoretest.UnknownLog, sigstoretest.Signing{}), data, after, after, outcome{sigstore.Untrusted, sigstore.UntrustedLog}, false},
		{"a trust root of the moment", flawed(sigstoretest.UnknownLog, sigstoretest.Signing{}), data, signing, after, outcome{sigstore.Untrusted, sigstore.UntrustedLog}, false},
		{"the newest key stands for an unknown date", flawed(sigstoretest.UnknownLog, sigstoretest.Signing{}), data, time.Time{}, after, outcome{sigstore.Untrusted, sigstore.UntrustedLog}, true},

		// The present.
		{"from the future", flawed(sigstoretest.UnknownLog, sigstoretest.Signing{}), data, before, signing.Add(-time.Second), outcome{sigstore.Untrusted, sigstore.UntrustedLog}, false},
		{"certified now, logged in the future", flawed(sigstoretest.UnknownLog, sigstoretest.Signing{}), data, before, signing, outcome{sigstore.Untrusted, sigstore.UntrustedLog}, false},
		{"nobody says what the present is", flawed(sigstoretest.UnknownLog, sigstoretest.Signing{}), data, before, time.Time{}, outcome{sigstore.Untrusted, sigstore.UntrustedLog}, false},

		// What no trust root could change.
		{"nothing is wrong", sigstoretest.Signing{}, data, before, after, outcome{sigstore.Good, ""}, false},
		{"forged certificate timestamp", flawed(sigstoretest.ForgedSCT, sigstoretest.Signing{}), data, before, after, outcome{sigstore.Untrusted, sigstore.UntrustedSCT}, false},
		{"no certificate timestamp", flawed(sigstoretest.NoSCT, sigstoretest.Signing{}), data, before, after, outcome{sigstore.Untrusted, sigstore.UntrustedSCT}, false},
		{"no log entry", sigstoretest.Signing{Log: sigstoretest.NoLog, Timestamp: true}, data, before, after, outcome{sigstore.Untrusted, sigstore.UntrustedLog}, false},
		{"no time", sigstoretest.Signing{Log: sigstoretest.RekorV2}, data, before, after, outcome{sigstore.Untrusted, sigstore.UntrustedTime}, false},
		{"forged signature", flawed(sigstoretest.ForgedSignature, sigstoretest.Signing{}), data, before, after, outcome{sigstore.Bad, sigstore.BadSignature}, false},
		{"forged promise", flawed(sigstoretest.ForgedPromise, sigstoretest.Signing{}), data, before, after, outcome{sigstore.Bad, sigstore.BadLogEntry}, false},
		{"timestamp of another signature", flawed(sigstoretest.OtherTimestamp, stamped), data, before, after, outcome{sigstore.Bad, sigstore.BadTimestamp}, false},
		{"known authority, ended", sigstoretest.Signing{}, ended(t, "certificateAuthorities"), before, after, outcome{sigstore.Untrusted, sigstore.UntrustedChain}, false},
		{"known certificate log, ended", sigstoretest.Signing{}, ended(t, "ctlogs"), before, after, outcome{sigstore.Untrusted, sigstore.UntrustedSCT}, false},
		{"known log, ended", sigstoretest.Signing{}, ended(t, "tlogs"), before, after, outcome{sigstore.Untrusted, sigstore.UntrustedLog}, false},
		{"known timestamp authority, ended", v2, ended(t, "timestampAuthorities"), before, after, outcome{sigstore.Untrusted, sigstore.UntrustedTime}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			policy := byAlice
			policy.Time = test.present
			r := verifier(t, test.root, test.current).Verify(l.sign(t, test.signing), digest, policy)
			if got := (outcome{r.Status, r.Reason}); got != test.want || r.NewerThanRoot != test.newer {
				t.Errorf("got %v, newer %v, want %v, newer %v (%s)", got, r.NewerThanRoot, test.want, test.newer, r.Detail)
			}
		})
	}
}

// TestNewerThanRootIsNoWayAround has everything of another Sigstore, with one
// more thing wrong: what is wrong in itself is not excused by being new.
func TestNewerThanRootIsNoWayAround(t *testing.T) {
	ours, theirs := newLab(t, "ours"), newLab(t, "theirs")
	policy := byAlice
	policy.Time = signing.Add(time.Hour)
	for _, test := range []struct {
		name    string
		signing sigstoretest.Signing
		digest  [32]byte
		status  sigstore.Status
		newer   bool
	}{
		{"all is well there", sigstoretest.Signing{}, digest, sigstore.Untrusted, true},
		{"signed by somebody else there", sigstoretest.Signing{SAN: "mallory@example.org"}, digest, sigstore.Untrusted, true},
		{"forged signature", sigstoretest.Signing{Flaw: sigstoretest.ForgedSignature}, digest, sigstore.Untrusted, false},
		{"no log entry", sigstoretest.Signing{Log: sigstoretest.NoLog, Timestamp: true}, digest, sigstore.Untrusted, false},
		{"of other bytes", sigstoretest.Signing{}, [32]byte{1}, sigstore.DigestMismatch, false},
		{"dated back", sigstoretest.Signing{Time: founded.Add(-time.Hour)}, digest, sigstore.Untrusted, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := ours.verifier.Verify(theirs.sign(t, test.signing), test.digest, policy)
			if r.Status != test.status || r.NewerThanRoot != test.newer {
				t.Errorf("got %v, newer %v, want %v, newer %v (%s)", r.Status, r.NewerThanRoot, test.status, test.newer, r.Detail)
			}
		})
	}
}

// TestTrustRootDate holds the embedded trust root's date to what the note beside
// it says.
func TestTrustRootDate(t *testing.T) {
	r, err := sigstore.EmbeddedTrustRoot()
	if err != nil {
		t.Fatal(err)
	}
	note, err := os.ReadFile("trusted_root.md")
	if err != nil {
		t.Fatal(err)
	}
	day := r.Current().Format(time.DateOnly)
	for _, says := range []string{`\(published ([0-9-]{10}),`, `\| Known to be current on \| ([0-9-]{10}),`} {
		found := regexp.MustCompile(says).FindSubmatch(note)
		if found == nil || string(found[1]) != day {
			t.Errorf("trusted_root.md says %q of %s", found, day)
		}
	}
	if !r.Current().After(r.Newest()) {
		t.Errorf("current on %s, with a key of %s", r.Current(), r.Newest())
	}

	own, err := sigstore.ParseTrustRoot("own", sigstore.EmbeddedTrustRootJSON())
	if err != nil {
		t.Fatal(err)
	}
	if !own.Current().IsZero() {
		t.Errorf("a file is known to have been current on %s", own.Current())
	}
	if dated := own.AsOf(signing); !dated.Current().Equal(signing) || !own.Current().IsZero() || dated.SHA256() != own.SHA256() {
		t.Error("AsOf changes more than the date of its copy")
	}
}
