package keyrings

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"migrate/internal/release"
	"migrate/pgp"
	"migrate/sigstore"
)

func embedded(t testing.TB) *Roster {
	t.Helper()
	r, err := Embedded()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func name(t testing.TB, file string) release.Name {
	t.Helper()
	n, ok := release.ParseName(file)
	if !ok {
		t.Fatalf("%s: not an artifact name", file)
	}
	return n
}

// labels returns the roster's names of pinned keys, e.g. "AB MvL".
func labels(t testing.TB, r *Roster, signers []pgp.Fingerprint) string {
	t.Helper()
	var list []string
	for _, f := range signers {
		k, ok := r.Key(f)
		if !ok {
			t.Errorf("signer %s is not a pinned key", f)
		}
		list = append(list, k.Label)
	}
	return strings.Join(list, " ")
}

const (
	github = "https://github.com/login/oauth"
	google = "https://accounts.google.com"
)

// TestSignersAndIdentities has every row of the record of who signs what: per
// series the source release manager, and the Sigstore identity.
func TestSignersAndIdentities(t *testing.T) {
	r := embedded(t)
	none := sigstore.Identity{}
	tests := []struct {
		series   string
		source   string // keys for the newest release of the series
		windows  string
		macos    string
		identity sigstore.Identity
	}{
		{"2.0", "", "", "", none},
		{"2.1", "", "", "", none},
		{"2.2", "", "", "", none},
		{"2.3", "AB MvL", "AB MvL", "", none},
		{"2.4", "AB MvL", "AB MvL", "AB", none},
		{"2.5", "AB MvL", "MvL", "RO AB", none},
		{"2.6", "B2", "MvL", "RO B1", none},
		{"3.0", "B1", "MvL", "RO", none},
		{"2.7", "BP2", "SD", "ND1 ND2", none},
		{"3.1", "BP1", "MvL", "RO ND1", none},
		{"3.2", "GB", "MvL", "RO ND1", none},
		{"3.3", "GB", "MvL", "ND1", none},
		{"3.4", "LH", "MvL SD", "ND1 ND2", none},
		{"3.5", "LH", "SD", "ND1 ND2", none},
		{"3.6", "ND2", "SD", "ND2", none},
		{"3.7", "ND2", "SD", "ND2", sigstore.Identity{SAN: "nad@python.org", Issuer: github}},
		{"3.8", "LL", "SD", "ND2", sigstore.Identity{SAN: "lukasz@langa.pl", Issuer: github}},
		{"3.9", "LL", "SD", "ND2", sigstore.Identity{SAN: "lukasz@langa.pl", Issuer: github}},
		{"3.10", "PG", "SD", "ND2", sigstore.Identity{SAN: "pablogsal@python.org", Issuer: google}},
		{"3.11", "PG", "SD", "ND2", sigstore.Identity{SAN: "pablogsal@python.org", Issuer: google}},
		{"3.12", "TW", "SD", "ND2", sigstore.Identity{SAN: "thomas@python.org", Issuer: google}},
		{"3.13", "TW", "SD", "ND2", sigstore.Identity{SAN: "thomas@python.org", Issuer: google}},
		{"3.14", "", "", "", sigstore.Identity{SAN: "hugo@python.org", Issuer: github}},
		{"3.15", "", "", "", sigstore.Identity{SAN: "hugo@python.org", Issuer: github}},
		{"3.16", "", "", "", sigstore.Identity{SAN: "savannah@python.org", Issuer: github}},
		{"3.17", "", "", "", sigstore.Identity{SAN: "savannah@python.org", Issuer: github}},
	}
	for _, test := range tests {
		for role, want := range map[release.Role]string{
			release.RoleSource: test.source, release.RoleWindows: test.windows, release.RoleMacOS: test.macos,
		} {
			s, err := release.ParseSeries(test.series)
			if err != nil {
				t.Fatal(err)
			}
			n := release.Name{Role: role, Version: release.Version{Major: s.Major, Minor: s.Minor, Micro: 99}}
			e := r.Expect(n)
			if !e.Known {
				t.Errorf("%s is not known", s)
			}
			if got := labels(t, r, e.Signers); got != want {
				t.Errorf("%s %s: PGP signers %q, want %q", s, role, got, want)
			}
			if wantPGP := map[bool]Presence{true: None, false: Required}[want == ""]; e.PGP != wantPGP {
				t.Errorf("%s %s: PGP %s, want %s", s, role, e.PGP, wantPGP)
			}
			var identities []sigstore.Identity
			wantSigstore := None
			if test.identity != none {
				identities, wantSigstore = []sigstore.Identity{test.identity}, Required
			}
			if diff := cmp.Diff(identities, e.Identities); diff != "" || e.Patterns != nil {
				t.Errorf("%s %s: identities (-want +got)\n%s%v", s, role, diff, e.Patterns)
			}
			if e.Sigstore != wantSigstore {
				t.Errorf("%s %s: Sigstore %s, want %s", s, role, e.Sigstore, wantSigstore)
			}
			if want := role == release.RoleSource; e.SamePerson != want {
				t.Errorf("%s %s: SamePerson %t, want %t", s, role, e.SamePerson, want)
			}
		}
	}
	if got := len(r.Series()); got != len(tests) {
		t.Errorf("the roster has %d series, the table %d", got, len(tests))
	}
	for id := range map[string]bool{"lukasz@python.org": true, "nad@acm.org": true} {
		for _, issuer := range []string{github, google} {
			if _, _, ok := r.Identified(sigstore.Identity{SAN: id, Issuer: issuer}); ok {
				t.Errorf("%s is in the roster, but never signed anything", id)
			}
		}
	}
}

// TestExpectBoundaries has the releases at which something changes.
func TestExpectBoundaries(t *testing.T) {
	r := embedded(t)
	const (
		pep761   = "PEP 761: CPython 3.14 and later are not signed with PGP"
		before23 = "python.org shows no .asc for any release before 2.3.0"
		onlyPair = "python.org has only a .sig and .crt pair, which came before bundles"
		linkPair = "python.org links a .sig and .crt pair; a bundle may lie beside it"
		noChm    = "python.org links bundles of some .chm files that are not there"
		manifest = "the install manager's manifests are signed with Sigstore only"
	)
	tests := []struct {
		file     string
		signers  string
		pgp      Presence
		pgpWhy   string
		sigstore Presence
		sigWhy   string
	}{
		{"Python-2.2.3.tgz", "", None, before23, None, "no release of 2.2 is signed with Sigstore"},
		{"Python-2.3.tgz", "AB", Required, "source files of 2.3 are signed with PGP", None, ""},
		{"Python-2.3.6.tgz", "AB", Required, "", None, ""},
		{"Python-2.3.7.tgz", "AB MvL", Required, "", None, ""},
		{"python-2.4.4-macosx2006-10-18.dmg", "AB", Required, "macos files of 2.4 are signed with PGP", None, ""},
		{"python-2.4.3-macosx2006-04-08.dmg", "", None, "the roster names no PGP signer for macos files of 2.4.3", None, ""},
		{"Python-2.5.2.tgz", "AB", Required, "", None, ""},
		{"Python-2.5.4.tgz", "AB MvL", Required, "", None, ""},
		{"Python-2.5.5.tgz", "MvL", Required, "", None, ""},
		{"Python-2.5.6.tgz", "AB MvL", Required, "", None, ""},
		{"Python-2.6.7.tgz", "B1", Required, "", None, ""},
		{"Python-2.6.8.tgz", "B2", Required, "", None, ""},
		{"Python-2.6.9.tar.xz", "B2", Required, "", None, ""},
		{"Python-2.7.5.tgz", "BP1", Required, "", None, ""},
		{"Python-2.7.6rc1.tgz", "BP2", Required, "", None, ""},
		{"Python-2.7.6.tgz", "BP2", Required, "", None, ""},
		{"python-2.7.6.msi", "MvL", Required, "", None, ""},
		{"python-2.7.9.msi", "MvL", Required, "", None, ""},
		{"python-2.7.10rc1.msi", "SD", Required, "", None, ""},
		{"python-2.7.6-macosx10.6.dmg", "RO ND1", Required, "", None, ""},
		{"python-2.7.1-macosx10.3.dmg", "RO", Required, "", None, ""},
		{"python-2.7.9-macosx10.6.pkg", "ND1 ND2", Required, "", None, ""},
		{"python-2.7.14rc1.amd64.msi", "SD", Optional, "python.org shows no .asc for the 64-bit installer of 2.7.14rc1", None, ""},
		{"python-2.7.14rc1-pdb.zip", "SD", Required, "", None, ""},
		{"Python-3.3.6.tgz", "GB", Required, "", None, ""},
		{"Python-3.3.7rc1.tgz", "ND2", Required, "", None, ""},
		{"Python-3.3.7.tgz", "ND2", Required, "", None, ""},
		{"python-3.3.3.msi", "MvL", Required, "", None, ""},
		{"python-3.3.3-macosx10.6.dmg", "ND1", Required, "", None, ""},
		{"python-3.4.3.msi", "MvL", Required, "", None, ""},
		{"python-3.4.4.msi", "MvL SD", Required, "", None, ""},
		{"python-3.5.0a4-embed-amd64.exe", "SD", Required, "", None, ""},

		{"Python-3.6.15.tgz", "ND2", Required, "", None, "no release of 3.6 is signed with Sigstore"},
		{"Python-3.7.13.tgz", "ND2", Required, "", Optional, "Sigstore signing of 3.7 began with 3.7.14; an earlier release has a bundle only if it was signed later"},
		{"Python-3.7.14.tgz", "ND2", Required, "source files of 3.7 are signed with PGP", Required, "3.7 is signed with Sigstore from 3.7.14 on"},
		{"Python-3.8.13.tgz", "LL", Required, "", Optional, ""},
		{"Python-3.8.14.tgz", "LL", Required, "", Required, ""},
		{"Python-3.9.13.tgz", "LL", Required, "", Optional, ""},
		{"Python-3.9.14.tgz", "LL", Required, "", Required, ""},
		{"Python-3.10.0.tgz", "PG", Required, "", Optional, ""},
		{"Python-3.10.1.tgz", "PG", Required, "", Required, "3.10.1 was signed with Sigstore 485 days after its release"},
		{"python3101.chm", "SD", Required, "", Optional, noChm},
		{"Python-3.10.2.tgz", "PG", Required, "", Optional, ""},
		{"Python-3.10.6.tgz", "PG", Required, "", Optional, ""},
		{"Python-3.10.7.tgz", "PG", Required, "", Required, ""},
		{"python-3.10.7-amd64.exe", "SD", Required, "", Optional, onlyPair},
		{"python-3.10.10-macos11.pkg", "ND2", Required, "", Optional, onlyPair},
		{"python-3.10.11-amd64.exe", "SD", Required, "", Required, ""},
		{"python31011.chm", "SD", Required, "", Optional, noChm},
		{"Python-3.11.0rc1.tgz", "PG", Required, "", Optional, "Sigstore signing of 3.11 began with 3.11.0; an earlier release has a bundle only if it was signed later"},
		{"Python-3.11.0rc2.tgz", "PG", Required, "", Optional, linkPair},
		{"python-3.11.0rc2-arm64.exe", "SD", Required, "", Optional, onlyPair},
		{"Python-3.11.0.tgz", "PG", Required, "", Required, ""},
		{"python-3.11.2-amd64.exe", "SD", Required, "", Optional, onlyPair},
		{"python-3.11.3-amd64.exe", "SD", Required, "", Required, ""},
		{"Python-3.12.0a6.tgz", "TW", Required, "", Optional, linkPair},
		{"python-3.12.0a6-macos11.pkg", "ND2", Required, "", Optional, onlyPair},
		{"Python-3.12.0a7.tgz", "TW", Required, "", Required, "every release of 3.12 is signed with Sigstore"},
		{"python-3.12.0a7-amd64.exe", "SD", Required, "", Required, ""},
		{"Python-3.13.0a1.tgz", "TW", Required, "", Required, ""},
		{"python3.13_3.13.5.orig.tar.xz", "TW", Required, "", Required, ""},
		{"windows-3.13.6.json", "SD", None, manifest, Required, ""},
		{"Python-3.13.99.tar.xz", "TW", Required, "", Required, ""},
		{"Python-3.14.0a1.tgz", "", None, pep761, Required, ""},
		{"windows-3.14.0b3.json", "", None, pep761, Optional, "python.org shows no bundle for the first manifest, of 3.14.0b3"},
		{"windows-3.14.0b4.json", "", None, pep761, Required, ""},
		{"python-3.14.0rc2-aarch64-linux-android.tar.gz", "", None, pep761, Required, ""},
		{"python-3.15.0b1-iOS-XCframework.tar.gz", "", None, pep761, Required, ""},
		{"Python-3.16.0a1.tgz", "", None, pep761, Required, ""},
	}
	for _, test := range tests {
		t.Run(test.file, func(t *testing.T) {
			e := r.Expect(name(t, test.file))
			if got := labels(t, r, e.Signers); got != test.signers {
				t.Errorf("signers %q, want %q", got, test.signers)
			}
			if e.PGP != test.pgp || test.pgpWhy != "" && e.PGPReason != test.pgpWhy {
				t.Errorf("PGP %s (%s), want %s (%s)", e.PGP, e.PGPReason, test.pgp, test.pgpWhy)
			}
			if e.Sigstore != test.sigstore || test.sigWhy != "" && e.SigstoreReason != test.sigWhy {
				t.Errorf("Sigstore %s (%s), want %s (%s)", e.Sigstore, e.SigstoreReason, test.sigstore, test.sigWhy)
			}
			if e.PGPReason == "" || e.SigstoreReason == "" {
				t.Errorf("an expectation without its reason: %+v", e)
			}
		})
	}
}

func TestExpectRecalled(t *testing.T) {
	r := embedded(t)
	for file, want := range map[string]string{
		"Python-3.9.3.tgz":   "3.9.3 was recalled and its files were removed; use 3.9.4 or later",
		"Python-3.9.8.tgz":   "3.9.8 was recalled; use 3.9.9 or later",
		"Python-3.9.0b2.tgz": "3.9.0b2 was recalled; use 3.9.0b3 or later",
		"Python-3.9.0.tgz":   "",
		"Python-3.9.9.tgz":   "",
	} {
		if got := r.Expect(name(t, file)).Recalled; got != want {
			t.Errorf("%s: recalled %q, want %q", file, got, want)
		}
	}
}

// A series without a row must neither raise an alarm nor let anybody sign.
func TestExpectUnknownSeries(t *testing.T) {
	reason := "the roster has no row for series 3.99 and cannot say who signs it"
	want := Expectation{PGP: Optional, PGPReason: reason, Sigstore: Optional, SigstoreReason: reason}
	if diff := cmp.Diff(want, embedded(t).Expect(name(t, "Python-3.99.0.tgz"))); diff != "" {
		t.Error(diff)
	}
}

// TestPinnedKeys has the keys of the record, to the last digit.
func TestPinnedKeys(t *testing.T) {
	want := []Key{
		{"531F072D39700991925FED0C0EDDC5F26A45C816", "AB", "anthony-baxter", "Anthony Baxter", "DSA-1024", "source 2.3, 2.4, 2.5; windows 2.3, 2.4; macos 2.4, 2.5", ""},
		{"DBBF2EEBF925FAADCF1F3FFFD9866941EA5BBD71", "B1", "barry-warsaw", "Barry Warsaw", "DSA-1024", "source 2.6, 3.0; macos 2.6", ""},
		{"8417157EDBE73D9EAC1E539B126EB563A74B06BF", "B2", "barry-warsaw", "Barry Warsaw", "RSA-4096", "source 2.6", ""},
		{"CBC547978A3964D14B9AB36A6AF053F07D9DC8D2", "MvL", "martin-von-loewis", "Martin v. Löwis", "DSA-1024", "source 2.3, 2.4, 2.5, 2.5.5; windows 2.3, 2.4, 2.5, 2.6, 2.7, 3.0, 3.1, 3.2, 3.3, 3.4", ""},
		{"2BA0DB82515BBB9EFFAC71C5C9BE28DEE6DF025C", "RO", "ronald-oussoren", "Ronald Oussoren", "DSA-1024", "macos 2.5, 2.6, 2.7, 3.0, 3.1, 3.2", ""},
		{"12EF3DC38047DA382D18A5B999CDEA9DA4135B38", "BP1", "benjamin-peterson", "Benjamin Peterson", "DSA-1024", "source 2.7, 3.1", ""},
		{"C01E1CAD5EA2C4F0B8E3571504C367C218ADD4FF", "BP2", "benjamin-peterson", "Benjamin Peterson", "RSA-4096", "source 2.7", ""},
		{"26DEA9D4613391EF3E25C9FF0A5B101836580288", "GB", "georg-brandl", "Georg Brandl", "DSA-2048", "source 3.2, 3.3", ""},
		{"97FC712E4C024BBEA48A61ED3A5CA953F73C700D", "LH", "larry-hastings", "Larry Hastings", "RSA-4096", "source 3.4, 3.5", ""},
		{"C9B104B3DD3AA72D7CCB1066FB9921286F5E1540", "ND1", "ned-deily", "Ned Deily", "RSA-2048", "macos 2.7, 3.1, 3.2, 3.3, 3.4, 3.5", ""},
		{"0D96DF4D4110E5C43FBFB17F2D347EA6AA65421D", "ND2", "ned-deily", "Ned Deily", "RSA-4096", "source 3.6, 3.7, 3.3.7rc1..3.3.7; macos 2.7, 3.4, 3.5, 3.6, 3.7, 3.8, 3.9, 3.10, 3.11, 3.12, 3.13", ""},
		{"7ED10B6531D7C8E1BC296021FC624643487034E5", "SD", "steve-dower", "Steve Dower", "RSA-4096", "windows 2.7, 3.4, 3.5, 3.6, 3.7, 3.8, 3.9, 3.10, 3.11, 3.12, 3.13", ""},
		{"E3FF2839C048B25C084DEBE9B26995E310250568", "LL", "lukasz-langa", "Łukasz Langa", "RSA-4096", "source 3.8, 3.9", ""},
		{"A035C8C19219BA821ECEA86B64E628F8D684696D", "PG", "pablo-galindo", "Pablo Galindo Salgado", "RSA-4096", "source 3.10, 3.11", ""},
		{"7169605F62C751356D054A26A821E680E5FA6305", "TW", "thomas-wouters", "Thomas Wouters", "RSA-4096", "source 3.12, 3.13", ""},
	}
	r := embedded(t)
	got := r.Keys()
	for i := range got {
		got[i].Note = ""
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}

	b0 := r.Unpinnable()
	if len(b0) != 1 || b0[0].KeyID != "7123BC13ED9D77D5" || b0[0].Person != "barry-warsaw" || b0[0].Name != "Barry Warsaw" {
		t.Errorf("keys that cannot be pinned: %+v", b0)
	}
	for _, k := range got {
		if strings.Contains(string(k.Fingerprint), b0[0].KeyID) {
			t.Errorf("%s is pinned", b0[0].KeyID)
		}
	}
}

func TestIdentified(t *testing.T) {
	r := embedded(t)
	tests := []struct {
		id     sigstore.Identity
		person string
		series string
	}{
		{sigstore.Identity{SAN: "lukasz@langa.pl", Issuer: github}, "Łukasz Langa", "[3.8 3.9]"},
		{sigstore.Identity{SAN: "savannah@python.org", Issuer: github}, "Savannah Ostrowski", "[3.16 3.17]"},
		{sigstore.Identity{SAN: "lukasz@langa.pl", Issuer: google}, "", "[]"},
		{sigstore.Identity{SAN: "hugo@python.org", Issuer: google}, "", "[]"},
		{sigstore.Identity{SAN: "HUGO@python.org", Issuer: github}, "", "[]"},
		{sigstore.Identity{SAN: "hugo@python.org.example", Issuer: github}, "", "[]"},
		{sigstore.Identity{}, "", "[]"},
	}
	for _, test := range tests {
		p, series, ok := r.Identified(test.id)
		if p.Name != test.person || fmt.Sprint(series) != test.series || ok != (test.person != "") {
			t.Errorf("%v: %q %v %t, want %q %s", test.id, p.Name, series, ok, test.person, test.series)
		}
	}
}

func TestEverySignerIsAPerson(t *testing.T) {
	r := embedded(t)
	for _, k := range r.Keys() {
		if p, ok := r.Person(k.Person); !ok || p.Name != k.Name {
			t.Errorf("key %s: person %q is %+v", k.Label, k.Person, p)
		}
		if k.Signs == "" {
			t.Errorf("key %s may sign nothing", k.Label)
		}
	}
	if got := len(r.People()); got != 14 || !slices.IsSortedFunc(r.People(), func(a, b Person) int { return strings.Compare(a.ID, b.ID) }) {
		t.Errorf("%d people, or out of order", got)
	}
	if _, ok := r.Person("nobody"); ok {
		t.Error("nobody is a person")
	}
}
