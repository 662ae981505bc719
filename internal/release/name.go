package release

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// num is a number in a file name: no leading zeros, and never more digits than
// a version can have.
const num = `(?:0|[1-9]\d{0,2})`

const (
	numbers    = `(?P<major>` + num + `)\.(?P<minor>` + num + `)(?:\.(?P<micro>` + num + `))?`
	preRelease = `(?P<pre>a|b|c|rc)(?P<n>` + num + `)` // Python 2 spelled "rc" as "c"

	fileVersion   = numbers + `(?:` + preRelease + `)?`
	debianVersion = numbers + `(?:~` + preRelease + `)?` // the tilde sorts it before the final release
)

// repost is what the few files have that replaced another of the same release:
// python-3.7.2.post1-embed-amd64.zip, python-3.10.0post2-macos11.pkg.
const repost = `(?:\.?post[1-9])?`

// maxName is longer than any name of these patterns, and what most file systems
// allow.
const maxName = 255

// pattern understands one family of file names.
type pattern struct {
	re       *regexp.Regexp
	kind     Kind
	role     Role
	platform string // where the name itself says none
}

// published compiles a pattern of python.org's; V stands for the version.
func published(role Role, kind Kind, platform, expr string) pattern {
	expr = strings.ReplaceAll(expr, "V", fileVersion)
	return pattern{regexp.MustCompile(`^(?:` + expr + `)$`), kind, role, platform}
}

const date = `\d{4}-\d\d-\d\d`

// patterns are python.org's artifact names but for the Windows help files,
// whose versions have no dots.
var patterns = []pattern{
	published(RoleSource, KindSource, "", `Python-V\.(?:tgz|tar\.bz2|tar\.xz)`),

	published(RoleWindows, KindWindowsInst, "win32", `Python-V(?:-1)?\.exe`),
	published(RoleWindows, KindWindowsInst, "win32", `python-V(?:-(?P<platform>amd64|arm64))?(?:-webinstall)?\.exe`),
	published(RoleWindows, KindWindowsMSI, "win32", `python-V(?:\.(?P<platform>amd64|ia64))?\.msi`),
	published(RoleWindows, KindWindowsSymbols, "win32", `Python-V-Debug\.zip`),
	published(RoleWindows, KindWindowsSymbols, "win32", `python-V(?:\.(?P<platform>amd64))?-pdb\.zip`),
	published(RoleWindows, KindWindowsEmbed, "", `python-V`+repost+`-embed-(?P<platform>win32|amd64|arm64)\.(?:zip|exe)`),
	published(RoleWindows, KindWindowsIndex, "", `windows-V\.json`),

	published(RoleMacOS, KindMacOS, "macosx",
		`python-V(?:[-_](?P<platform>macosx(?:10(?:\.\d{1,2})*)?)(?:-?`+date+`)?|-`+date+`)?\.dmg`),
	published(RoleMacOS, KindMacOS, "", `python-V`+repost+`-(?P<platform>macosx?1\d(?:\.\d{1,2})?)\.pkg`),

	published(RoleAndroid, KindAndroid, "", `python-V-(?P<platform>(?:aarch64|x86_64)-linux-android)\.tar\.gz`),
	published(RoleIOS, KindIOS, "ios", `python-V-iOS-XCframework\.tar\.gz`),
}

// help is a Windows help file: "python3101.chm" is 3.10.1, "Python25.chm" 2.5.
// Python 2 has one digit of minor version; after "31" a further digit belongs to
// the minor version, because python.org links help files of 3.10 and 3.11 and
// none of 3.1.
var help = regexp.MustCompile(`^[Pp]ython(?P<digits>(?P<major>2)(?P<minor>\d)(?P<micro>` + num + `)?|` +
	`(?P<major>3)(?P<minor>1\d|\d)(?P<micro>` + num + `)?)(?P<pre>a|b|rc)?(?P<n>` + num + `)?\.chm$`)

// debian is the name that Debian's source packages give to an upstream source.
var debian = regexp.MustCompile(`^python(?P<series>` + num + `\.` + num + `)_` + debianVersion +
	`\.orig\.tar\.(?P<ext>gz|bz2|xz)$`)

// ParseName understands an artifact's file name: every form python.org has used
// from 2.0 on, and Debian's names for the sources. ok is false for anything
// else, sidecars and paths among it.
//
// Some Windows help files do not carry their whole version in their name; use
// ParsePath where the directory is known.
func ParseName(file string) (name Name, ok bool) {
	if len(file) > maxName {
		return Name{}, false
	}
	for _, p := range patterns {
		if m := match(p.re, file); m != nil {
			v, ok := m.version()
			if !ok {
				return Name{}, false
			}
			return Name{
				File: file, Upstream: file, Version: v, Kind: p.kind, Role: p.role,
				Platform: cmp.Or(m["platform"], p.platform),
			}, true
		}
	}
	if m := match(help, file); m != nil {
		if (m["pre"] == "") != (m["n"] == "") {
			return Name{}, false
		}
		return Name{
			File: file, Upstream: file, Kind: KindWindowsHelp, Role: RoleWindows,
			Version: Version{number(m["major"]), number(m["minor"]), number(m["micro"]), m["pre"], number(m["n"])},
		}, true
	}
	return parseDebian(file)
}

// parseDebian understands Debian's names. A version that says the source was
// repacked ("3.13.5+dfsg") is not understood: those are not upstream's bytes.
func parseDebian(file string) (Name, bool) {
	m := match(debian, file)
	if m == nil {
		return Name{}, false
	}
	v := m.spelled()
	if m["series"] != v.Series().String() {
		return Name{}, false
	}
	ext := "tar." + m["ext"]
	if m["ext"] == "gz" {
		ext = "tgz"
	}
	return Name{
		File: file, Upstream: fmt.Sprintf("Python-%s.%s", v.fileText(), ext),
		Version: v, Kind: KindSource, Role: RoleSource,
	}, true
}

// ParsePath is ParseName for a file whose directory is known by name, as on
// python.org. The directory decides only where the name cannot: the help files
// of 2.4 and 2.5 name their series alone, 3.2.5's kept the name of 3.2.4's, and
// the digits of "python311.chm" could mean 3.1.1.
func ParsePath(dir, file string) (name Name, ok bool) {
	name, ok = ParseName(file)
	if !ok || name.Kind != KindWindowsHelp {
		return name, ok
	}
	d, err := ParseVersion(dir)
	if err != nil || d.Dir() != dir {
		return name, true
	}
	if name.Version.Dir() == dir {
		return name, true // also keeps the pre-release, which no directory has
	}
	digits := strings.ReplaceAll(dir, ".", "")
	switch {
	case match(help, file)["digits"] == digits:
		d.Pre, d.PreN = name.Version.Pre, name.Version.PreN
		name.Version = d
	case name.Version.Series() == d.Series():
		name.Version = d
	}
	return name, true
}

// groups are the named groups of a match that took part in it.
type groups map[string]string

// match returns the named groups of re in s, nil if it does not match.
func match(re *regexp.Regexp, s string) groups {
	m := re.FindStringSubmatch(s)
	if m == nil {
		return nil
	}
	g := groups{}
	for i, name := range re.SubexpNames() {
		if name != "" && m[i] != "" {
			g[name] = m[i]
		}
	}
	return g
}

// version returns the version of a file name of python.org's. ok is false for a
// spelling python.org does not use: 3.13 for 3.13.0, 3.2.0 for 3.2, 3.5.0c1.
func (g groups) version() (v Version, ok bool) {
	v = g.spelled()
	_, full := g["micro"]
	if full == v.bareZero() {
		return v, false
	}
	return v, g["pre"] != "c" || v.Major == 2
}

// spelled returns the version however it is spelled.
func (g groups) spelled() Version {
	pre := g["pre"]
	if pre == "c" {
		pre = "rc"
	}
	return Version{number(g["major"]), number(g["minor"]), number(g["micro"]), pre, number(g["n"])}
}

// roleOrder is the order in which people look for files.
var roleOrder = []Role{RoleSource, RoleWindows, RoleMacOS, RoleAndroid, RoleIOS}

// Compare orders names by series, version, role (sources first) and file name.
// It returns -1, 0 or +1.
func (n Name) Compare(m Name) int {
	return cmp.Or(
		n.Version.Compare(m.Version),
		cmp.Compare(slices.Index(roleOrder, n.Role), slices.Index(roleOrder, m.Role)),
		cmp.Compare(n.File, m.File),
	)
}
