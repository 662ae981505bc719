package keyrings

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"migrate/pgp"
)

func flaws(all []Concern) []string {
	var got []string
	for _, c := range all {
		got = append(got, c.Key.Label+" "+string(c.What))
	}
	return got
}

// TestCheckDemo: the demonstration's people have one of everything.
func TestCheckDemo(t *testing.T) {
	demo := filepath.Join("..", "testdata", "demo")
	data, err := os.ReadFile(filepath.Join(demo, "roster.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := Parse("roster.yaml", data)
	if err != nil {
		t.Fatal(err)
	}
	files, problems := ReadKeyFiles([]string{filepath.Join(demo, "keys"), filepath.Join(demo, "keys", "unreadable")})
	if problems != nil {
		t.Fatal(problems)
	}
	ring, _ := r.Keyring(files)
	all := r.Check(ring, files, time.Date(2026, 1, 15, 0, 0, 0, 0, time.UTC))
	if diff := cmp.Diff([]string{
		"IO1 weak", "IO2 expired", "PL refreshed-only", "NQ missing", "QV1 revoked", "QV2 revoked",
		"QV3 weak", "QV5 expired", "QV6 unreadable", "QV7 unreadable", "QV8 revoked",
	}, flaws(all)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for label, part := range map[string]string{ // of detail and effect
		"IO1": "RSA-1024 is too weak today: its signatures come out weak, which never counts as agreement (pgp/weak-key)",
		"IO2": "expired on 2021-09-29: signatures made before that stay good, with a note (pgp/key-expired-since); later ones come out rejected",
		"PL":  "made on 2018-06-04, and the oldest self-signature at hand is of 2024-12-02: signatures made before 2024-12-02 come out good-refreshed",
		"NQ":  "no copy that can verify anything is at hand: its signatures come out unknown-key (pgp/unknown-key)",
		"QV1": "revoked for all time: all its signatures come out rejected (pgp/key-revoked)",
		"QV2": "revoked since 2023-03-01, as retired or superseded: signatures made before 2023-03-01 stay good, with a warning (pgp/key-revoked-since)",
		"QV3": "it does not say that it may sign: its signatures come out weak, which never counts as agreement (pgp/key-flags-missing)",
		"QV6": "a revocation of 2023-03-01 cannot be read (openpgp: unsupported feature: hash function 3); in " + filepath.Join(demo, "keys", "unreadable", "quentin-vale-doubtful.asc") + ": its signatures may come out unchecked (pgp/unreadable-revocation); if its owner did not put that there, remove that file once another copy is at hand",
		"QV7": "a self-signature of 2021-05-02 cannot be read (openpgp: unsupported feature: hash function 3); in " + filepath.Join(demo, "keys", "quentin-vale-obscure.asc") + ": its signatures may come out unchecked (pgp/unreadable-self-signature); if",
	} {
		i := slices.IndexFunc(all, func(c Concern) bool { return c.Key.Label == label })
		if got := all[i].Detail + ": " + all[i].Effect; !strings.HasPrefix(got, part) {
			t.Errorf("%s: %q, want %q", label, got, part)
		}
	}

	// Earlier, some of it had not happened yet.
	early := flaws(r.Check(ring, files, time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)))
	for _, later := range []string{"IO2 expired", "QV2 revoked", "QV5 expired"} {
		if slices.Contains(early, later) {
			t.Errorf("in 2020: %s", later)
		}
	}
	if !slices.Contains(early, "QV1 revoked") { // compromised holds for all time
		t.Errorf("in 2020: %q", early)
	}

	if none := r.Check(pgp.NewKeyring(), nil, june(2026)); len(none) != len(r.Keys()) || none[0].What != Missing {
		t.Errorf("without keys: %q", flaws(none))
	}
}

// TestCheckFiles: the files that an unreadable part is in, and what to do.
func TestCheckFiles(t *testing.T) {
	ann, bob := newOwner(t), newOwner(t)
	r := pinning(t, ann.fingerprint(), bob.fingerprint())
	clean := KeyFile{"clean.asc", block(t, ann.copy(2018), bob.copy(2018))}
	spoiled := KeyFile{"spoiled.asc", block(t, ann.copy(2020), junk)}
	bare := KeyFile{"bare.asc", block(t, ann.copy(0), junk)}
	loose := KeyFile{"loose.asc", block(t, junkBy(ann))}
	for _, test := range []struct {
		files  []KeyFile
		in     []string
		remedy string
	}{
		{[]KeyFile{clean, spoiled}, []string{"spoiled.asc"}, "remove that file: another copy is at hand"},
		{[]KeyFile{spoiled}, []string{"spoiled.asc"}, "remove that file once another copy is at hand"},
		{[]KeyFile{bare, clean}, []string{"bare.asc"}, "remove that file: another copy is at hand"},
		{[]KeyFile{loose, clean, spoiled}, []string{"loose.asc", "spoiled.asc"}, "remove those files: another copy is at hand"},
	} {
		ring, _ := r.Keyring(test.files)
		all := r.Check(ring, test.files, june(2024))
		i := slices.IndexFunc(all, func(c Concern) bool { return c.What == Unreadable && c.Key.Fingerprint == ann.fingerprint() })
		if i < 0 {
			t.Errorf("%q: %q", test.in, flaws(all))
			continue
		}
		if diff := cmp.Diff(test.in, all[i].Files); diff != "" {
			t.Errorf("files (-want +got)\n%s", diff)
		}
		if c := all[i]; !strings.HasSuffix(c.Detail, "; in "+strings.Join(test.in, ", ")) || !strings.HasSuffix(c.Effect, test.remedy) {
			t.Errorf("%q, %q", c.Detail, c.Effect)
		}
		if slices.ContainsFunc(all, func(c Concern) bool { return c.What != Unreadable && c.Files != nil }) {
			t.Errorf("%+v", all)
		}
	}
}

// TestCorpusCheck: what is the matter with the real keys.
func TestCorpusCheck(t *testing.T) {
	r := embedded(t)
	keys := filepath.Join(corpus(t), "keys")
	files, problems := ReadKeyFiles([]string{keys})
	if problems != nil {
		t.Fatal(problems)
	}
	ring, _ := r.Keyring(files)
	now := time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)
	if diff := cmp.Diff([]string{
		"AB weak", "B1 weak", "MvL weak", "RO expired", "RO weak", "BP1 weak", "GB weak",
	}, flaws(r.Check(ring, files, now))); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	// Without Debian's copy there is only the refreshed one of TW.
	files = slices.DeleteFunc(files, func(f KeyFile) bool { return strings.Contains(f.Source, "debian") })
	ring, _ = r.Keyring(files)
	if got := flaws(r.Check(ring, files, now)); !slices.Contains(got, "TW refreshed-only") {
		t.Errorf("refreshed copy alone: %q", got)
	}
	// And without the refreshed one the old one has expired.
	shipped, err := Shipped()
	if err != nil {
		t.Fatal(err)
	}
	ring, _ = r.Keyring(shipped)
	if got := flaws(r.Check(ring, files, now)); !slices.Contains(got, "TW expired") || slices.Contains(got, "TW refreshed-only") {
		t.Errorf("old copy alone: %q", got)
	}
}
