package compare

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"testing"

	"migrate/pgp"
	"migrate/sigstore"
)

// wanted is a reason as a test wants it.
type wanted struct {
	code      Code
	words     []string
	artifacts string // file names, separated by blanks
}

type readinessCase struct {
	name  string
	ev    []Evidence
	ready Readiness
	why   []wanted
}

func readinessCases(t testing.TB) []readinessCase {
	all := func(changes []change, files ...string) (ev []Evidence) {
		for _, f := range files {
			ev = append(ev, evidence(t, f, changes...))
		}
		return ev
	}
	good := func(files ...string) []Evidence { return all(nil, files...) }
	with := func(c change, files ...string) []Evidence { return all([]change{c}, files...) }
	both := func(c, d change, files ...string) []Evidence { return all([]change{c, d}, files...) }
	doubted := func(why pgp.Reason, files ...string) []Evidence {
		return with(func(e *Evidence) { e.PGP.Status, e.PGP.Reason = pgp.Unchecked, why }, files...)
	}
	published := func(wrongDigest bool, size int64) change {
		return func(e *Evidence) {
			e.SHA256 = fmt.Sprintf("%x", sha256.Sum256([]byte(e.Name.File)))
			e.Published = []Published{{By: "a.dsc", Size: size, SHA256: e.SHA256}}
			if wrongDigest {
				e.Published[0].SHA256 = strings.Repeat("cd", 32)
			}
		}
	}
	unknownKey := byPGP(pgp.Result{Status: pgp.UnknownKey, Issuer: "0123456789ABCDEF"})
	old := func(holds bool) change {
		return bySigstore(sigstore.Result{Status: sigstore.Incompatible, Reason: sigstore.NoCheckpoint, PromiseHolds: holds, PromiseIdentity: pablo})
	}
	good10 := bySigstore(sigstore.Result{Status: sigstore.Good, Identity: pablo})
	const pabloIs = "pablogsal@python.org (https://accounts.google.com)"

	return []readinessCase{
		{"3.14, as PEP 761 has it", good("Python-3.14.0.tgz", "python-3.14.0-amd64.exe", "Python-3.14.1.tar.xz"), Ready, []wanted{
			{"compare/complete", []string{"All 3 artifacts looked at (3.14.0 to 3.14.1) have a good bundle", "hugo@python.org (https://github.com/login/oauth)",
				"no PGP to give up (PEP 761", "verify the bundle against that identity"}, ""},
		}},
		{"3.14 from tracker data", with(unseen, "Python-3.14.0.tgz"), Ready, []wanted{
			{"compare/complete", []string{"The one artifact looked at (3.14.0) has a good bundle", "no PGP to give up"}, ""},
		}},
		{"3.13, complete", good("Python-3.13.5.tgz", "python-3.13.5-amd64.exe"), Ready, []wanted{
			{"compare/complete", []string{"Both artifacts looked at", "thomas@python.org (https://accounts.google.com), and every PGP signature agrees", "the .asc can go"}, ""},
		}},
		{"3.13, one .asc missing", slices.Concat(good("Python-3.13.5.tgz"), with(noAsc, "Python-3.13.5.tar.xz")), Ready, []wanted{
			{"compare/complete", []string{"and 1 has a good PGP signature too; 1 has no PGP signature though one was due, and nothing is lost by that: verify the bundle against that identity, and the .asc can go"}, ""},
		}},
		{"3.13, no .asc at all", with(noAsc, "Python-3.13.5.tgz", "Python-3.13.5.tar.xz"), Ready, []wanted{
			{"compare/complete", []string{"(https://accounts.google.com); both have no PGP signature though one was due, and nothing is lost by that: verify the bundle against that identity"}, ""},
		}},
		{"3.13, every key in doubt", slices.Concat(doubted(pgp.StaleKey, "Python-3.13.1.tgz", "Python-3.13.2.tgz"), doubted(pgp.UnreadableRevocation, "Python-3.13.3.tgz"),
			doubted(pgp.UnreadableSelfSignature, "Python-3.13.4.tgz")), Undetermined, []wanted{
			{"pgp/stale-key", []string{"2 artifacts have PGP signatures by a key that had expired by every copy at hand", "get a newer copy of the key of Thomas Wouters (" + string(thomasKey) + ")", "--keyring"}, "Python-3.13.1.tgz Python-3.13.2.tgz"},
			{"pgp/unreadable-revocation", []string{"1 artifact has a PGP signature by a key with a revocation that cannot be read (Thomas Wouters"}, "Python-3.13.3.tgz"},
			{"pgp/unreadable-self-signature", []string{"self-signature that cannot be read (Thomas Wouters", "newer copy"}, "Python-3.13.4.tgz"},
			{"compare/good-bundles", []string{"All 4 artifacts"}, ""},
		}},
		{"3.13, not what the source says", slices.Concat(good("Python-3.13.1.tgz"), with(published(true, 1000), "Python-3.13.2.tgz"), with(published(false, 999), "Python-3.13.3.tgz")), Undetermined, []wanted{
			{"source/published-digest-differs", []string{"1 artifact has another digest than the source says", "which of the two is wrong"}, "Python-3.13.2.tgz"},
			{"source/size-differs", []string{"1 artifact has another size than the source says"}, "Python-3.13.3.tgz"},
			{"compare/good-bundles", []string{"All 3 artifacts"}, ""},
		}},
		{"3.13, not what a hint says", with(func(e *Evidence) {
			e.Published = []Published{{By: "an API", Size: 999, SHA256: strings.Repeat("cd", 32), Hint: true}}
		}, "Python-3.13.2.tgz"), Ready, []wanted{{"compare/complete", nil, ""}}},
		{"3.13, what the source says", with(published(false, 1000), "Python-3.13.2.tgz"), Ready, []wanted{{"compare/complete", nil, ""}}},
		{"3.13, mirror without one bundle", slices.Concat(good("Python-3.13.5.tgz"), with(noBundle, "Python-3.13.4.tgz")), ReadyWithGaps, []wanted{
			{"compare/missing-bundle", []string{"1 artifact has no bundle, though it should", "python.org"}, "Python-3.13.4.tgz"},
			{"compare/complete-from", []string{"From 3.13.5 on"}, ""},
			{"compare/good-bundles", []string{"1 of the 2 artifacts looked at has a good bundle, signed as thomas@python.org"}, ""},
		}},
		{"the newest without bundle", slices.Concat(good("Python-3.13.4.tgz", "python-3.13.5-amd64.exe"), with(noBundle, "Python-3.13.5.tgz")), ReadyWithGaps, []wanted{
			{"compare/missing-bundle", []string{"1 artifact has no bundle"}, "Python-3.13.5.tgz"},
			{"compare/good-bundles", []string{"2 of the 3"}, ""},
		}},
		{"3.10, with releases from before Sigstore", slices.Concat(
			good("Python-3.10.0.tgz", "python-3.10.0-amd64.exe", "Python-3.10.6.tgz"), with(pairOnly, "python-3.10.8-amd64.exe"), with(good10, "python-3.10.11-amd64.exe"),
			good("Python-3.10.7.tgz", "Python-3.10.8.tgz", "Python-3.10.11.tgz", "Python-3.10.12.tgz")), ReadyWithGaps, []wanted{
			{"sigstore/legacy-pair", []string{"1 artifact has only a .sig and .crt pair", "keep verifying PGP for it"}, "python-3.10.8-amd64.exe"},
			{"compare/before-sigstore", []string{"3 artifacts have no bundle, and none is due", "began with 3.10.7", "keep verifying PGP for them"},
				"Python-3.10.0.tgz python-3.10.0-amd64.exe Python-3.10.6.tgz"},
			{"compare/complete-from", []string{"From 3.10.11 on every artifact", "from 3.10.7 on every source archive"}, ""},
			{"compare/good-bundles", []string{"5 of the 9 artifacts", pabloIs}, ""},
		}},
		{"sources complete, a newest installer not", slices.Concat(good("Python-3.13.4.tgz", "Python-3.13.5.tgz"), with(noBundle, "python-3.13.5-amd64.exe")), ReadyWithGaps, []wanted{
			{"compare/missing-bundle", nil, "python-3.13.5-amd64.exe"},
			{"compare/complete-from", []string{"From 3.13.4 on every source archive"}, ""},
			{"compare/good-bundles", nil, ""},
		}},
		{"3.6, without Sigstore", good("Python-3.6.15.tgz", "python-3.6.8-amd64.exe"), NotReady, []wanted{
			{"compare/no-sigstore", []string{"None of the 2 artifacts looked at", "no release of 3.6 is signed with Sigstore", "go on verifying PGP"}, ""},
		}},
		{"3.6, without the keys", with(unknownKey, "Python-3.6.15.tgz"), NotReady, []wanted{
			{"compare/no-sigstore", []string{"go on verifying PGP"}, ""},
			{"pgp/unknown-key", []string{"Ned Deily (0D96DF4D4110E5C43FBFB17F2D347EA6AA65421D): migrate keyrings update, or for a machine without network: gpg "}, "Python-3.6.15.tgz"},
		}},
		{"2.2, without anything", good("Python-2.2.tgz"), NotReady, []wanted{
			{"compare/no-sigstore", []string{"nothing to verify but digests"}, ""},
			{"compare/unsigned", []string{"1 artifact has neither", "pin its digest"}, "Python-2.2.tgz"},
		}},
		{"2.2 from tracker data", with(unseen, "Python-2.2.tgz"), NotReady, []wanted{
			{"compare/no-sigstore", []string{"The one artifact looked at has no Sigstore bundle (no release of 2.2", "nothing to verify but digests"}, ""},
		}},
		{"3.14 with a manifest of before", slices.Concat(good("windows-3.14.0b3.json"), good("Python-3.14.0.tgz")), ReadyWithGaps, []wanted{
			{"compare/before-sigstore", []string{"first manifest", "pin its digest yourself"}, "windows-3.14.0b3.json"},
			{"compare/unsigned", nil, "windows-3.14.0b3.json"},
			{"compare/complete-from", []string{"From 3.14.0 on"}, ""},
			{"compare/good-bundles", nil, ""},
		}},
		{"3.13, mirror without any bundle", with(noBundle, "Python-3.13.5.tgz", "Python-3.13.4.tgz"), NotReady, []wanted{
			{"compare/no-sigstore", []string{"None of the 2 artifacts looked at has a Sigstore bundle: get the .sigstore files from beside the artifacts on python.org, and go on verifying PGP where there are none"}, ""},
			{"compare/missing-bundle", []string{"2 artifacts have no bundle"}, "Python-3.13.4.tgz Python-3.13.5.tgz"},
		}},
		{"3.14, mirror without any bundle", with(noBundle, "Python-3.14.0.tgz"), NotReady, []wanted{
			{"compare/no-sigstore", []string{"get the .sigstore files before relying on these copies"}, ""},
			{"compare/missing-bundle", nil, "Python-3.14.0.tgz"},
			{"compare/unsigned", nil, "Python-3.14.0.tgz"},
		}},
		{"pairs, some of them good from the log", slices.Concat(with(goodFromLog, "python-3.10.8-amd64.exe", "python-3.10.9-amd64.exe"), with(pairOnly, "python-3.10.10-amd64.exe"), good("Python-3.10.8.tgz")), ReadyWithGaps, []wanted{
			{"sigstore/legacy-pair", []string{"3 artifacts have only a .sig and .crt pair", "(2 of them good from the log): keep verifying PGP for them"}, "python-3.10.8-amd64.exe python-3.10.9-amd64.exe python-3.10.10-amd64.exe"},
			{"compare/complete-from", []string{"From 3.10.8 on every source archive"}, ""},
			{"compare/good-bundles", []string{"1 of the 4"}, ""},
		}},
		{"only pairs, good from the log", both(goodFromLog, noAsc, "python-3.10.8-amd64.exe", "python-3.10.9-amd64.exe"), NotReady, []wanted{
			{"compare/no-sigstore", []string{"None of the 2 artifacts looked at has a Sigstore bundle"}, ""},
			{"sigstore/legacy-pair", []string{"(all good from the log): pin their digests yourself"}, "python-3.10.8-amd64.exe python-3.10.9-amd64.exe"},
		}},
		{"a pair that could not be looked up", slices.Concat(good("Python-3.10.8.tgz"), with(lookupFailed, "python-3.10.8-amd64.exe")), ReadyWithGaps, []wanted{
			{"sigstore/legacy-pair", []string{"cannot be checked offline: keep verifying PGP for it"}, "python-3.10.8-amd64.exe"},
			{"compare/complete-from", []string{"every source archive"}, ""},
			{"compare/good-bundles", nil, ""},
		}},
		{"a pair that was refused", slices.Concat(good("Python-3.10.8.tgz"), both(pairOnly, bySigstore(sigstore.Result{Status: sigstore.Bad, Reason: sigstore.BadSignature}), "python-3.10.8-amd64.exe")), NotReady, []wanted{
			{"compare/conflict", []string{"(sigstore/bad-signature)"}, "python-3.10.8-amd64.exe"},
			{"compare/good-bundles", nil, ""},
		}},
		{"only pairs", with(pairOnly, "python-3.10.8-amd64.exe"), NotReady, []wanted{
			{"compare/no-sigstore", nil, ""},
			{"sigstore/legacy-pair", nil, "python-3.10.8-amd64.exe"},
		}},
		{"3.11 of 2024-08", slices.Concat(with(old(true), "Python-3.11.4.tgz", "Python-3.11.5.tgz"), good("Python-3.11.0rc1.tgz")), Undetermined, []wanted{
			{"sigstore/no-checkpoint", []string{"2 artifacts have bundles", "though they hold by their inclusion promises", "download the bundles again"}, "Python-3.11.4.tgz Python-3.11.5.tgz"},
			{"compare/before-sigstore", []string{"began with 3.11.0"}, "Python-3.11.0rc1.tgz"},
		}},
		{"3.11 of 2024-08 from tracker data", both(old(true), unseen, "Python-3.11.5.tgz"), Undetermined, []wanted{
			{"sigstore/no-checkpoint", []string{"though it holds by its inclusion promise"}, "Python-3.11.5.tgz"},
			{"pgp/not-checked", []string{"no artifact to hash"}, "Python-3.11.5.tgz"},
		}},
		{"one promise of two", slices.Concat(with(old(true), "Python-3.11.4.tgz"), with(old(false), "Python-3.11.5.tgz")), Undetermined, []wanted{
			{"sigstore/no-checkpoint", []string{"only 1 of which holds"}, "Python-3.11.4.tgz Python-3.11.5.tgz"},
		}},
		{"no promise", with(old(false), "Python-3.11.5.tgz"), Undetermined, []wanted{
			{"sigstore/no-checkpoint", []string{"it does not hold either"}, "Python-3.11.5.tgz"},
		}},
		{"3.13 from tracker data", with(unseen, "Python-3.13.4.tgz", "Python-3.13.5.tgz"), Undetermined, []wanted{
			{"pgp/not-checked", []string{"PGP was not looked at for 2 artifacts", "run migrate on the files themselves"}, "Python-3.13.4.tgz Python-3.13.5.tgz"},
			{"compare/good-bundles", []string{"Both artifacts looked at have a good bundle", "can be verified with Sigstore today"}, ""},
		}},
		{"3.10 from tracker data", slices.Concat(with(unseen, "Python-3.10.0.tgz", "Python-3.10.7.tgz")), Undetermined, []wanted{
			{"pgp/not-checked", nil, "Python-3.10.0.tgz Python-3.10.7.tgz"},
			{"compare/before-sigstore", nil, "Python-3.10.0.tgz"},
			{"compare/complete-from", []string{"From 3.10.7 on"}, ""},
			{"compare/good-bundles", []string{"1 of the 2"}, ""},
		}},
		{"keys not at hand", with(unknownKey, "Python-3.13.5.tgz", "python-3.13.5-amd64.exe", "python-3.13.5-macos11.pkg"), Undetermined, []wanted{
			{"pgp/unknown-key", []string{"3 artifacts have PGP signatures by a key that is not at hand", "Thomas Wouters (" + string(thomasKey) + "), Steve Dower", " and Ned Deily", ": migrate keyrings update, or for a machine without network, the first with: gpg "},
				"Python-3.13.5.tgz python-3.13.5-amd64.exe python-3.13.5-macos11.pkg"},
			{"compare/good-bundles", []string{"All 3 artifacts"}, ""},
		}},
		{"a file that cannot be read", slices.Concat(good("Python-3.13.4.tgz"), with(func(e *Evidence) { e.Trouble = "permission denied" }, "Python-3.13.5.tgz")), Undetermined, []wanted{
			{"source/unreadable", []string{"1 artifact could not be read", "run again"}, "Python-3.13.5.tgz"},
			{"compare/good-bundles", nil, ""},
		}},
		{"sidecars of every kind that could not be judged", slices.Concat(
			with(byPGP(pgp.Result{Status: pgp.Unsupported}), "Python-3.13.1.tgz"),
			with(byPGP(pgp.Result{Reason: pgp.Unreadable}), "Python-3.13.2.tgz"),
			with(byPGP(pgp.Result{Reason: pgp.NotAsked}), "Python-3.13.3.tgz"),
			with(bySigstore(sigstore.Result{Status: sigstore.Incompatible, Reason: sigstore.NewerBundle}), "Python-3.13.4.tgz"),
			with(bySigstore(sigstore.Result{Status: sigstore.Incompatible}), "Python-3.13.5.tgz"),
			with(bySigstore(sigstore.Result{Reason: sigstore.Unreadable}), "Python-3.13.6.tgz"),
			with(bySigstore(sigstore.Result{Reason: sigstore.NotAsked, Detail: "not asked for"}), "Python-3.13.7.tgz")), Undetermined, []wanted{
			{"sigstore/unknown-version", []string{"newer migrate"}, "Python-3.13.4.tgz"},
			{"sigstore/incompatible", []string{"download it again"}, "Python-3.13.5.tgz"},
			{"sigstore/unreadable", []string{"run again"}, "Python-3.13.6.tgz"},
			{"sigstore/not-checked", []string{"not asked for"}, "Python-3.13.7.tgz"},
			{"pgp/unsupported", []string{"can no longer be checked"}, "Python-3.13.1.tgz"},
			{"pgp/unreadable", []string{"run again"}, "Python-3.13.2.tgz"},
			{"pgp/not-checked", []string{"ask about both methods"}, "Python-3.13.3.tgz"},
			{"compare/good-bundles", []string{"3 of the 7"}, ""},
		}},
		{"bundles newer than the trust root", slices.Concat(
			good("Python-3.14.0.tgz"),
			with(bySigstore(sigstore.Result{Status: sigstore.Untrusted, Reason: sigstore.UntrustedLog, NewerThanRoot: true}), "Python-3.14.1.tgz", "Python-3.14.2.tgz")), Undetermined, []wanted{
			{"sigstore/newer-than-trust-root", []string{"2 artifacts have bundles made after the trust root, which does not know what they stand on: run `migrate trust update`"}, "Python-3.14.1.tgz Python-3.14.2.tgz"},
			{"compare/good-bundles", []string{"1 of the 3"}, ""},
		}},
		{"unknown series", slices.Concat(
			with(bySigstore(sigstore.Result{Status: sigstore.WrongIdentity, Identity: stranger}), "Python-3.99.0.tgz"),
			both(noBundle, byPGP(pgp.Result{Status: pgp.Good, Certificate: thomasKey}), "Python-3.99.1.tgz")), Undetermined, []wanted{
			{"source/unknown-series", []string{"no row for 3.99", "newer migrate"}, ""},
			{"sigstore/nobody-pinned", nil, "Python-3.99.0.tgz"},
			{"pgp/nobody-pinned", nil, "Python-3.99.1.tgz"},
		}},
		{"3.11.9, a bad .asc", slices.Concat(good("Python-3.11.8.tgz"), with(byPGP(pgp.Result{Status: pgp.Bad}), "Python-3.11.9.tar.xz")), NotReady, []wanted{
			{"compare/conflict", []string{"1 artifact is good by one method and refused by the other (pgp/bad-signature)", "drop neither check"}, "Python-3.11.9.tar.xz"},
			{"compare/good-bundles", []string{"1 of the 2"}, ""},
		}},
		{"3.11.4, another release manager's", both(noAsc, bySigstore(sigstore.Result{Status: sigstore.WrongIdentity, Identity: lukasz}), "python-3.11.4-amd64.exe", "python-3.11.4.exe"), NotReady, []wanted{
			{"compare/failed", []string{"2 artifacts have a signature that was refused", "(sigstore/other-release-manager)", "do not use them"}, "python-3.11.4-amd64.exe python-3.11.4.exe"},
		}},
		{"a refusal and everything else", slices.Concat(
			with(bySigstore(sigstore.Result{Status: sigstore.DigestMismatch}), "Python-3.10.7.tgz"), with(unknownKey, "Python-3.10.8.tgz"),
			good("Python-3.10.0.tgz"), with(noBundle, "Python-3.10.9.tgz"), with(pairOnly, "python-3.10.8-amd64.exe")), NotReady, []wanted{
			{"compare/conflict", []string{"(sigstore/digest-mismatch)"}, "Python-3.10.7.tgz"},
			{"pgp/unknown-key", nil, "Python-3.10.8.tgz"},
			{"compare/missing-bundle", nil, "Python-3.10.9.tgz"},
			{"sigstore/legacy-pair", nil, "python-3.10.8-amd64.exe"},
			{"compare/before-sigstore", nil, "Python-3.10.0.tgz"},
			{"compare/good-bundles", nil, ""},
		}},
		{"3.9 with a recalled release", slices.Concat(good("Python-3.9.14.tgz"), both(noAsc, noBundle, "Python-3.9.8.tgz")), Ready, []wanted{
			{"compare/complete", []string{"lukasz@langa.pl"}, ""},
			{"compare/recalled-release", []string{"1 artifact is left out"}, "Python-3.9.8.tgz"},
		}},
		{"nothing but a recalled release", good("Python-3.9.8.tgz"), Undetermined, []wanted{
			{"compare/recalled-release", []string{"left out"}, "Python-3.9.8.tgz"},
		}},
		{"weak PGP beside good bundles", with(func(e *Evidence) { e.PGP.Status, e.PGP.Weaknesses = pgp.Weak, []pgp.Weakness{pgp.WeakKey} }, "Python-3.13.5.tgz"), Ready, []wanted{
			{"compare/complete", []string{"it has a PGP signature that does not count, and nothing is lost by that"}, ""},
		}},
		{"a managed key", with(bySigstore(sigstore.Result{Status: sigstore.Good}), "Python-3.13.5.tgz"), Ready, []wanted{
			{"compare/complete", []string{"signed as the given key"}, ""},
		}},
	}
}

func TestReadiness(t *testing.T) {
	r := roster(t)
	for _, tt := range readinessCases(t) {
		t.Run(tt.name, func(t *testing.T) {
			_, series := AssessAll(tt.ev, r)
			if len(series) != 1 {
				t.Fatalf("%d series, want 1", len(series))
			}
			s := series[0]
			if s.Readiness != tt.ready {
				t.Errorf("%s, want %s", s.Readiness, tt.ready)
			}
			var got, want []string
			for _, x := range s.Reasons {
				got = append(got, string(x.Code))
			}
			for _, x := range tt.why {
				want = append(want, string(x.code))
			}
			if !slices.Equal(got, want) {
				t.Fatalf("reasons %q, want %q", got, want)
			}
			for i, x := range tt.why {
				wantWords(t, s.Reasons[i].Message, x.words...)
				var files []string
				for _, place := range s.Reasons[i].Artifacts {
					files = append(files, place[strings.LastIndex(place, "/")+1:])
				}
				if strings.Join(files, " ") != x.artifacts {
					t.Errorf("%s is about %q, want %q", x.code, files, x.artifacts)
				}
				t.Log(s.Reasons[i].Message)
			}

			// The order in which evidence comes changes nothing.
			slices.Reverse(tt.ev)
			_, again := AssessAll(tt.ev, r)
			for i, x := range again[0].Reasons {
				if x.Code != s.Reasons[i].Code || x.Message != s.Reasons[i].Message || !slices.Equal(x.Artifacts, s.Reasons[i].Artifacts) {
					t.Errorf("in reverse, reason %d is %q, want %q", i, x, s.Reasons[i])
				}
			}
		})
	}
}

// TestReadyMeansGood: whatever else is true of a series, it is only ready if
// every artifact that was judged has a good bundle and PGP does not disagree.
func TestReadyMeansGood(t *testing.T) {
	r := roster(t)
	n := map[Readiness]int{}
	neighbour := evidence(t, "Python-3.13.4.tgz")
	walk(t, func(e Evidence) {
		all, series := AssessAll([]Evidence{e, neighbour}, r)
		for _, s := range series {
			if s.Series != e.Name.Version.Series() {
				continue
			}
			n[s.Readiness]++
			for _, a := range all {
				if a.Name.Version.Series() != s.Series || a.Expected.Recalled != "" {
					continue
				}
				if s.Readiness == Ready && slices.ContainsFunc(a.Findings, func(f Finding) bool { return f.Level == Error && strings.HasPrefix(string(f.Code), "source/") }) {
					t.Fatalf("ready, with %v: %+v", codesOf(a), e)
				}
				if s.Readiness == Ready && a.Verdict != Equivalent && a.Verdict != SigstoreOnly {
					t.Fatalf("ready, with %s: %+v", a.Verdict, e)
				}
				if s.Readiness == ReadyWithGaps && (a.Verdict == Conflict || a.Verdict == Failed) {
					t.Fatalf("ready with gaps, with %s: %+v", a.Verdict, e)
				}
				if s.Readiness != NotReady && (a.Verdict == Conflict || a.Verdict == Failed) {
					t.Fatalf("%s, with %s: %+v", s.Readiness, a.Verdict, e)
				}
			}
		}
	})
	for _, r := range []Readiness{Undetermined, Ready, ReadyWithGaps, NotReady} {
		if n[r] == 0 {
			t.Errorf("nothing came out %s", r)
		}
	}
}

func TestPlace(t *testing.T) {
	e := evidence(t, "Python-3.13.5.tgz")
	e.URL = "https://www.python.org/ftp/python/3.13.5/Python-3.13.5.tgz"
	if e.place() != "3.13.5/Python-3.13.5.tgz" {
		t.Errorf("place %q", e.place())
	}
	e.Location = ""
	if e.place() != e.URL {
		t.Errorf("place without location %q", e.place())
	}
	e.URL = ""
	if e.place() != "Python-3.13.5.tgz" {
		t.Errorf("place without URL %q", e.place())
	}
}
