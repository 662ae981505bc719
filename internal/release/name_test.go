package release

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// names has an example of every pattern of python.org's and Debian's.
var names = []struct {
	file     string
	version  string
	kind     Kind
	role     Role
	platform string
	upstream string // where it is not file
}{
	{"Python-3.13.5.tgz", "3.13.5", KindSource, RoleSource, "", ""},
	{"Python-3.13.5.tar.xz", "3.13.5", KindSource, RoleSource, "", ""},
	{"Python-3.3.3.tar.bz2", "3.3.3", KindSource, RoleSource, "", ""},
	{"Python-3.14.0rc2.tar.xz", "3.14.0rc2", KindSource, RoleSource, "", ""},
	{"Python-3.2.tgz", "3.2.0", KindSource, RoleSource, "", ""},
	{"Python-3.2rc1.tgz", "3.2.0rc1", KindSource, RoleSource, "", ""},
	{"Python-2.5c1.tgz", "2.5.0rc1", KindSource, RoleSource, "", ""},
	{"Python-2.0.1.exe", "2.0.1", KindWindowsInst, RoleWindows, "win32", ""},
	{"Python-2.3.2-1.exe", "2.3.2", KindWindowsInst, RoleWindows, "win32", ""},
	{"python-3.5.0.exe", "3.5.0", KindWindowsInst, RoleWindows, "win32", ""},
	{"python-3.13.5-amd64.exe", "3.13.5", KindWindowsInst, RoleWindows, "amd64", ""},
	{"python-3.11.0a5-arm64.exe", "3.11.0a5", KindWindowsInst, RoleWindows, "arm64", ""},
	{"python-3.5.0-webinstall.exe", "3.5.0", KindWindowsInst, RoleWindows, "win32", ""},
	{"python-3.5.0-amd64-webinstall.exe", "3.5.0", KindWindowsInst, RoleWindows, "amd64", ""},
	{"Python-2.0.1-Debug.zip", "2.0.1", KindWindowsSymbols, RoleWindows, "win32", ""},
	{"python-2.7.10-pdb.zip", "2.7.10", KindWindowsSymbols, RoleWindows, "win32", ""},
	{"python-2.7.10.amd64-pdb.zip", "2.7.10", KindWindowsSymbols, RoleWindows, "amd64", ""},
	{"python-2.4.msi", "2.4.0", KindWindowsMSI, RoleWindows, "win32", ""},
	{"python-2.7.10.amd64.msi", "2.7.10", KindWindowsMSI, RoleWindows, "amd64", ""},
	{"python-2.4.1.ia64.msi", "2.4.1", KindWindowsMSI, RoleWindows, "ia64", ""},
	{"python-3.5.0b1-embed-win32.zip", "3.5.0b1", KindWindowsEmbed, RoleWindows, "win32", ""},
	{"python-3.5.0a4-embed-amd64.exe", "3.5.0a4", KindWindowsEmbed, RoleWindows, "amd64", ""},
	{"python-3.13.5-embed-arm64.zip", "3.13.5", KindWindowsEmbed, RoleWindows, "arm64", ""},
	{"python-3.7.2.post1-embed-amd64.zip", "3.7.2", KindWindowsEmbed, RoleWindows, "amd64", ""},
	{"windows-3.14.0b3.json", "3.14.0b3", KindWindowsIndex, RoleWindows, "", ""},
	{"Python25.chm", "2.5.0", KindWindowsHelp, RoleWindows, "", ""},
	{"python24.chm", "2.4.0", KindWindowsHelp, RoleWindows, "", ""},
	{"python2710rc1.chm", "2.7.10rc1", KindWindowsHelp, RoleWindows, "", ""},
	{"python32.chm", "3.2.0", KindWindowsHelp, RoleWindows, "", ""},
	{"python330.chm", "3.3.0", KindWindowsHelp, RoleWindows, "", ""},
	{"python311.chm", "3.11.0", KindWindowsHelp, RoleWindows, "", ""},
	{"python3101.chm", "3.10.1", KindWindowsHelp, RoleWindows, "", ""},
	{"python31011.chm", "3.10.11", KindWindowsHelp, RoleWindows, "", ""},
	{"python3110a6.chm", "3.11.0a6", KindWindowsHelp, RoleWindows, "", ""},
	{"python391.chm", "3.9.1", KindWindowsHelp, RoleWindows, "", ""},
	{"python3910.chm", "3.9.10", KindWindowsHelp, RoleWindows, "", ""},
	{"python-3.1.dmg", "3.1.0", KindMacOS, RoleMacOS, "macosx", ""},
	{"python-2.5.1-macosx.dmg", "2.5.1", KindMacOS, RoleMacOS, "macosx", ""},
	{"python-2.7.1-macosx10.6.dmg", "2.7.1", KindMacOS, RoleMacOS, "macosx10.6", ""},
	{"python-2.6.4_macosx10.3.dmg", "2.6.4", KindMacOS, RoleMacOS, "macosx10.3", ""},
	{"python-2.6.5-macosx10.3-2010-03-24.dmg", "2.6.5", KindMacOS, RoleMacOS, "macosx10.3", ""},
	{"python-2.6-macosx2008-10-01.dmg", "2.6.0", KindMacOS, RoleMacOS, "macosx", ""},
	{"python-2.4.4-macosx2006-10-18.dmg", "2.4.4", KindMacOS, RoleMacOS, "macosx", ""},
	{"python-2.4.4-2006-10-18.dmg", "2.4.4", KindMacOS, RoleMacOS, "macosx", ""},
	{"python-3.7.0-macosx10.9.pkg", "3.7.0", KindMacOS, RoleMacOS, "macosx10.9", ""},
	{"python-3.9.1rc1-macosx11.0.pkg", "3.9.1rc1", KindMacOS, RoleMacOS, "macosx11.0", ""},
	{"python-3.13.5-macos11.pkg", "3.13.5", KindMacOS, RoleMacOS, "macos11", ""},
	{"python-3.10.0post2-macos11.pkg", "3.10.0", KindMacOS, RoleMacOS, "macos11", ""},
	{"python-3.14.0-aarch64-linux-android.tar.gz", "3.14.0", KindAndroid, RoleAndroid, "aarch64-linux-android", ""},
	{"python-3.14.0rc2-x86_64-linux-android.tar.gz", "3.14.0rc2", KindAndroid, RoleAndroid, "x86_64-linux-android", ""},
	{"python-3.15.0b1-iOS-XCframework.tar.gz", "3.15.0b1", KindIOS, RoleIOS, "ios", ""},
	{"python3.13_3.13.5.orig.tar.xz", "3.13.5", KindSource, RoleSource, "", "Python-3.13.5.tar.xz"},
	{"python3.14_3.14.0~rc2.orig.tar.xz", "3.14.0rc2", KindSource, RoleSource, "", "Python-3.14.0rc2.tar.xz"},
	{"python3.2_3.2.orig.tar.bz2", "3.2.0", KindSource, RoleSource, "", "Python-3.2.tar.bz2"},
	{"python3.11_3.11.2.orig.tar.gz", "3.11.2", KindSource, RoleSource, "", "Python-3.11.2.tgz"},
}

func TestParseName(t *testing.T) {
	for _, tt := range names {
		want := Name{tt.file, tt.file, mustVersion(t, tt.version), tt.kind, tt.role, tt.platform}
		if tt.upstream != "" {
			want.Upstream = tt.upstream
		}
		got, ok := ParseName(tt.file)
		if !ok {
			t.Errorf("ParseName(%q) is not understood", tt.file)
		} else if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("ParseName(%q) (-want +got):\n%s", tt.file, diff)
		}
	}
}

// A name that is nearly right must not be taken for an artifact: an artifact
// that python.org never published has no expectation to be held to.
func TestParseNameRefuses(t *testing.T) {
	for _, file := range []string{
		"", ".", "..", "Python", "Python-.tgz", "Python-3.tgz", "Python-3.13.5", "Python-3.13.5.zip",
		"Python-3.13.5.tgz.asc", "Python-3.13.5.tgz.sigstore", "Python-3.13.5.tgz.spdx.json", "Python-3.13.5.tar",
		"3.13.5/Python-3.13.5.tgz", "../Python-3.13.5.tgz", "./Python-3.13.5.tgz", `..\Python-3.13.5.tgz`,
		"Python-3.13.5.tgz\n", "\nPython-3.13.5.tgz", "Python-3.13.5.tgz\x00", "Python-3.13\x1b.5.tgz", " Python-3.13.5.tgz",
		"Python-3.13.5.tgz ", "python-3.13.5.tgz", "PYTHON-3.13.5.TGZ", "xPython-3.13.5.tgz", "Python-3.13.5.tgz.1",
		"Python-3.13.5-docs-html.tar.bz2", "python-3.13.5-docs.zip", "python-manager-25.0.msix", "core.msi",
		// spellings python.org does not use
		"Python-3.13.tgz", "Python-3.2.0.tgz", "Python-03.13.5.tgz", "Python-3.013.5.tgz", "Python-3.13.5.1.tgz",
		"Python-3.13.5c1.tgz", "Python-3.13.5rc.tgz", "Python-3.13.5~rc1.tgz", "Python-3.13.5.post1.tgz",
		"Python-3.9999.5.tgz", "Python-٣.13.5.tgz",
		"Python-3.13.5-amd64.exe", "python-3.13.5-ia64.exe", "python-3.13.5-embed-win64.zip", "python-3.13.5-embed.zip",
		"python-2.42006-10-18.dmg", "python-2.4.4-macosx06-10-18.dmg", "python-3.13.5.pkg", "python-3.13.5-macos.pkg",
		"python-3.14.0-riscv64-linux-android.tar.gz", "python-3.15.0-ios-xcframework.tar.gz",
		"windows-3.14.json", "windows-3.14.0.json.asc", "windows.json",
		"python3.chm", "python.chm", "python311rc.chm", "python3111000.chm", "python3x1.chm", "python0311.chm",
		// Debian: repacked, of another series, of another package, not upstream's
		"python3.13_3.13.5+dfsg.orig.tar.xz", "python3.13_3.12.5.orig.tar.xz", "python3.13_3.13.5-2.debian.tar.xz",
		"python3.13_3.13.5.orig-doc.tar.xz", "python3.13_3.13.0rc1.orig.tar.xz", "python3-defaults_3.13.5.orig.tar.xz",
		"python3.13_3.13.5.orig.tar.xz.asc", "python3.13_3.13.5.orig.tar.zst", "python3.13_3.13.5-2.dsc",
		"python03.13_3.13.5.orig.tar.xz",
	} {
		if n, ok := ParseName(file); ok || n != (Name{}) {
			t.Errorf("ParseName(%q) = %+v, %v; want nothing", file, n, ok)
		}
	}
}

func TestParsePath(t *testing.T) {
	tests := []struct{ dir, file, want string }{
		{"2.4.3", "python24.chm", "2.4.3"},
		{"2.5", "Python25.chm", "2.5.0"},
		{"2.5.4", "Python25.chm", "2.5.4"},
		{"3.2.4", "python324.chm", "3.2.4"},
		{"3.2.5", "python324.chm", "3.2.5"},
		{"3.1.1", "python311.chm", "3.1.1"},
		{"3.1.1", "python311rc1.chm", "3.1.1rc1"},
		{"3.10.0", "python3100rc1.chm", "3.10.0rc1"},
		{"3.10.10", "python31010.chm", "3.10.10"},
		// a folder that says nothing, or nothing of this file
		{"", "python24.chm", "2.4.0"},
		{"old", "python24.chm", "2.4.0"},
		{"2.4", "python24.chm", "2.4.0"},
		{"3.2.0", "python24.chm", "2.4.0"},
		{"3.13.5", "python3101.chm", "3.10.1"},
		{"v2.4.3", "python24.chm", "2.4.0"},
		// other names say it all themselves
		{"2.6.2", "python-2.6.1.msi", "2.6.1"},
		{"3.13.5", "Python-3.13.4.tgz", "3.13.4"},
	}
	for _, tt := range tests {
		n, ok := ParsePath(tt.dir, tt.file)
		if !ok || n.Version.String() != tt.want || n.File != tt.file {
			t.Errorf("ParsePath(%q, %q) = %+v, %v; want version %s", tt.dir, tt.file, n, ok, tt.want)
		}
	}
	if n, ok := ParsePath("3.13.5", "README"); ok {
		t.Errorf("ParsePath(3.13.5, README) = %+v", n)
	}
}

func TestNameCompare(t *testing.T) {
	want := []string{
		"Python-2.7.18.tgz", "python-2.7.18.msi",
		"Python-3.9.10.tgz",
		"Python-3.13.0rc1.tgz",
		"Python-3.13.5.tar.xz", "Python-3.13.5.tgz", "python3.13_3.13.5.orig.tar.xz",
		"python-3.13.5-amd64.exe", "windows-3.13.5.json", "python-3.13.5-macos11.pkg",
		"Python-3.14.0.tgz", "python-3.14.0-x86_64-linux-android.tar.gz", "python-3.14.0-iOS-XCframework.tar.gz",
	}
	got := slices.Sorted(slices.Values(want)) // another order
	slices.SortFunc(got, func(a, b string) int {
		n, _ := ParseName(a)
		m, _ := ParseName(b)
		return n.Compare(m)
	})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
}

func TestSplitSidecar(t *testing.T) {
	tests := []struct {
		file, artifact string
		kind           Sidecar
	}{
		{"Python-3.13.5.tgz.asc", "Python-3.13.5.tgz", Asc},
		{"Python-3.13.5.tgz.sigstore", "Python-3.13.5.tgz", Sigstore},
		{"Python-3.13.5.tgz.sigstore.json", "Python-3.13.5.tgz", Sigstore},
		{"Python-3.13.5.tgz.sig", "Python-3.13.5.tgz", Sig},
		{"Python-3.13.5.tgz.crt", "Python-3.13.5.tgz", Crt},
		{"Python-3.13.5.tgz.spdx.json", "Python-3.13.5.tgz", SPDX},
		{"Python-3.13.5.tgz.rekor", "Python-3.13.5.tgz", Rekor},
		{"windows-3.14.0.json.sigstore", "windows-3.14.0.json", Sigstore},
		{"python3.13_3.13.5.orig.tar.xz.asc", "python3.13_3.13.5.orig.tar.xz", Asc},
		{"x.asc.asc", "x.asc", Asc},
		{"sigstore.json.asc", "sigstore.json", Asc},
	}
	for _, tt := range tests {
		artifact, kind, ok := SplitSidecar(tt.file)
		if artifact != tt.artifact || kind != tt.kind || !ok {
			t.Errorf("SplitSidecar(%q) = %q, %q, %v; want %q, %q", tt.file, artifact, kind, ok, tt.artifact, tt.kind)
		}
	}
	for _, file := range []string{
		"", ".asc", ".sigstore", ".sigstore.json", "asc", "Python-3.13.5.tgz", "Python-3.13.5.tgz.ASC", "Python-3.13.5.tgz.asc ",
		"windows-3.14.0.json", "x.json", "Python-3.13.5.tgzasc", "x.sigstore.jsonx",
	} {
		if artifact, kind, ok := SplitSidecar(file); ok || artifact != "" || kind != "" {
			t.Errorf("SplitSidecar(%q) = %q, %q, %v; want nothing", file, artifact, kind, ok)
		}
	}
}

func FuzzParseName(f *testing.F) {
	for _, tt := range names {
		f.Add(tt.file)
		f.Add(tt.file + ".asc")
	}
	f.Add("../Python-3.13.5.tgz")
	f.Add("Python-3.13.5.tgz\n")
	f.Fuzz(func(t *testing.T, file string) {
		for _, kind := range Sidecars() {
			for _, suffix := range kind.Suffixes() {
				a, k, ok := SplitSidecar(file + suffix)
				if want := file != ""; ok != want || want && (a != file || k != kind) {
					t.Errorf("SplitSidecar(%q) = %q, %q, %v", file+suffix, a, k, ok)
				}
			}
		}
		n, ok := ParseName(file)
		if !ok {
			return
		}
		if n.File != file || n.Compare(n) != 0 || n.Kind == "" || !slices.Contains(roleOrder, n.Role) {
			t.Errorf("ParseName(%q) = %+v", file, n)
		}
		if _, _, sidecar := SplitSidecar(file); sidecar {
			t.Errorf("%q is both an artifact and a sidecar", file)
		}
		for _, s := range []string{file, n.Upstream, n.Version.Dir()} {
			if !filepath.IsLocal(s) || strings.ContainsAny(s, `/\`) || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) {
				t.Errorf("ParseName(%q): %q is no plain name", file, s)
			}
		}
		// Upstream's name is the same artifact under its own name.
		up, ok := ParseName(n.Upstream)
		if !ok || up.Version != n.Version || up.Kind != n.Kind || up.Role != n.Role || up.Upstream != n.Upstream {
			t.Errorf("ParseName(%q): upstream %q is %+v, %v", file, n.Upstream, up, ok)
		}
		if v, err := ParseVersion(n.Version.String()); err != nil || v != n.Version {
			t.Errorf("ParseName(%q): version %v reads back as %v, %v", file, n.Version, v, err)
		}
	})
}
