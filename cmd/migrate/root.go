package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/spf13/viper"

	"migrate/internal/fetch"
	"migrate/report"
)

// streams are where results and everything else go.
type streams struct {
	out, err io.Writer
}

// app is what every subcommand shares: streams, clock and configuration.
type app struct {
	streams
	now    func() time.Time
	config *viper.Viper

	transport http.RoundTripper     // nil: the real one
	attempts  int                   // of each request; 0: the usual
	clients   map[int]*fetch.Client // see client
	log       string                // URL of the log that the trust root names, once that is loaded
	tufRoot   []byte                // the first TUF root to trust; nil: the public Sigstore's
}

// execute runs one command line and returns its exit status.
func execute(ctx context.Context, args []string, s streams, now func() time.Time) int {
	a := &app{streams: s, now: now, config: viper.New()}
	return a.execute(ctx, args)
}

func (a *app) execute(ctx context.Context, args []string) int {
	root := a.rootCommand()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if out, ok := root.OutOrStdout().(*sticky); ok && err == nil {
		err = out.err
	}
	var status exitError
	if err != nil && !errors.As(err, &status) {
		a.complain(err)
	}
	return exitStatus(err)
}

// ownFormat is the --format of a command that has formats of its own. Only the
// command line is asked: what the configuration says is for report.
func ownFormat(cmd *cobra.Command) string { return cmd.Flags().Lookup("format").Value.String() }

// say says something on standard error that only --verbose asks for.
func (a *app) say(format string, args ...any) {
	if a.config.GetBool("verbose") && !a.config.GetBool("quiet") {
		fmt.Fprintf(a.err, "migrate: %s\n", report.Escape(fmt.Sprintf(format, args...)))
	}
}

// remark says something on standard error that people should know and that is
// no error.
func (a *app) remark(format string, args ...any) {
	if !a.config.GetBool("quiet") {
		fmt.Fprintf(a.err, "migrate: %s\n", report.Escape(fmt.Sprintf(format, args...)))
	}
}

func (a *app) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "migrate",
		Short: "Verify CPython releases by OpenPGP and by Sigstore, and compare",
		Long: `migrate verifies each CPython artifact with both its .asc, against the release
managers' pinned keys, and its .sigstore bundle, against the release manager's
identity, compares the two answers, and reports what changes for somebody who
stops checking PGP.

Exit status: 0 nothing at or above --fail-on, 1 findings, 2 trouble (usage,
nothing found, something that could not be checked).

Every flag can also be set in the configuration file and as MIGRATE_NAME in
the environment, e.g. MIGRATE_FAIL_ON=warning. No configuration, key, roster or
trust root is ever picked up from a source.`,
		Version:           version(),
		SilenceErrors:     true,
		SilenceUsage:      true,
		PersistentPreRunE: a.configure,
	}
	root.SetOut(&sticky{Writer: a.out}) // cobra drops the errors of its own writes
	root.SetErr(a.err)
	root.SetVersionTemplate("migrate {{.Version}}\n")
	flags := root.PersistentFlags()
	flags.String("config", "", "configuration `FILE` (default config.yaml in the migrate folder of the user's configuration folder)")
	flags.Bool("offline", false, "use no network: what would need it is an error")
	flags.BoolP("quiet", "q", false, "say nothing on standard error but errors")
	flags.BoolP("verbose", "v", false, "say on standard error what the run stands on")
	root.AddCommand(a.reportCommand(), a.verifyCommand(), a.explainCommand(), a.manCommand(),
		a.diffCommand(), a.mergeCommand(), a.matrixCommand(),
		a.keyringsCommand(), a.trustCommand(), a.recipeCommand())
	root.InitDefaultCompletionCmd("") // now, so that its flags are known as settings
	if completion, _, err := root.Find([]string{"completion"}); err == nil {
		completion.Args = cobra.NoArgs
		completion.RunE = func(*cobra.Command, []string) error {
			return errors.New("name a shell: migrate completion bash, zsh, fish or powershell")
		}
	}
	return root
}

// configure reads flags, environment and configuration file, in that order of
// precedence.
func (a *app) configure(cmd *cobra.Command, _ []string) error {
	v := a.config
	if err := v.BindPFlags(cmd.Flags()); err != nil {
		return err
	}
	v.SetEnvPrefix("MIGRATE")
	v.SetEnvKeyReplacer(strings.NewReplacer("-", "_"))
	v.AutomaticEnv()
	if err := a.checkEnvironment(cmd); err != nil {
		return err
	}
	if err := a.readConfig(cmd); err != nil {
		return err
	}
	return a.checkSettings(cmd)
}

// checkEnvironment refuses a MIGRATE_ variable that sets nothing: it is a
// misspelt one.
func (a *app) checkEnvironment(cmd *cobra.Command) error {
	known := knownSettings(cmd.Root())
	for _, entry := range os.Environ() {
		name, value, _ := strings.Cut(entry, "=")
		setting, ok := strings.CutPrefix(name, "MIGRATE_")
		// MIGRATE_CORPUS tells the tests where real release data are.
		if ok && value != "" && setting != "CORPUS" && !slices.Contains(known, strings.ReplaceAll(strings.ToLower(setting), "_", "-")) {
			return fmt.Errorf("environment variable %s: no such setting (settings are the names of the flags)", name)
		}
	}
	return nil
}

// checkSettings holds what the environment and the configuration file say to the
// type of the flag they say it for: viper takes what it cannot read as zero.
func (a *app) checkSettings(cmd *cobra.Command) (err error) {
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Changed || !a.config.IsSet(f.Name) || err != nil {
			return
		}
		switch value := a.config.Get(f.Name).(type) {
		case []any, []string:
			if f.Value.Type() != "stringArray" {
				err = fmt.Errorf("setting %s: want one value, not a list", f.Name)
			}
		case map[string]any:
			err = fmt.Errorf("setting %s: want a value, not a section", f.Name)
		default:
			var e error
			text := fmt.Sprint(value)
			switch f.Value.Type() {
			case "bool":
				_, e = strconv.ParseBool(text)
			case "int":
				_, e = strconv.Atoi(text)
			case "duration":
				_, e = time.ParseDuration(text)
			}
			if e != nil {
				err = fmt.Errorf("setting %s: %q is not a value for it", f.Name, text)
			}
		}
	})
	return err
}

// readConfig reads the configuration file: the one that was named, which must
// exist, else the user's own, if there is one.
func (a *app) readConfig(cmd *cobra.Command) error {
	file := a.config.GetString("config")
	if file == "" {
		dir, err := os.UserConfigDir()
		if err != nil || !filepath.IsAbs(dir) {
			return nil // no home, or one that depends on where we stand: no configuration
		}
		file = filepath.Join(dir, "migrate", "config.yaml")
		if _, err := os.Stat(file); nothingThere(err) {
			return nil
		}
	}
	c := viper.New()
	c.SetConfigFile(file)
	c.SetConfigType("yaml")
	if err := c.ReadInConfig(); err != nil {
		return fmt.Errorf("configuration file %s: %w", file, err)
	}
	known := knownSettings(cmd.Root())
	for _, key := range c.AllKeys() {
		if !slices.Contains(known, key) {
			return fmt.Errorf("configuration file %s: no such setting: %s (settings are the names of the flags)", file, key)
		}
	}
	settings := c.AllSettings()
	for _, key := range fileSettings {
		if value, ok := settings[key]; ok {
			settings[key] = resolve(value, filepath.Dir(file))
		}
	}
	return a.config.MergeConfigMap(settings)
}

// fileSettings are the settings of what is trusted. In the configuration file
// they are relative to it: were they relative to the working folder, they would
// be picked up from whatever is audited there.
var fileSettings = []string{"keyring", "roster", "trusted-root", "key", "templates"}

// resolve puts dir in front of relative paths.
func resolve(value any, dir string) any {
	switch value := value.(type) {
	case string:
		if value == "" || filepath.IsAbs(value) {
			return value
		}
		return filepath.Join(dir, value)
	case []any:
		all := make([]any, 0, len(value))
		for _, v := range value {
			all = append(all, resolve(v, dir))
		}
		return all
	}
	return value
}

// knownSettings lists the flags of every subcommand that can be set elsewhere.
// Where results go is for the command line alone: a setting would make every
// command write over the file of the one before.
func knownSettings(cmd *cobra.Command) []string {
	var names []string
	add := func(f *pflag.Flag) {
		if f.Name != "output" {
			names = append(names, f.Name)
		}
	}
	cmd.PersistentFlags().VisitAll(add)
	cmd.Flags().VisitAll(add)
	for _, sub := range cmd.Commands() {
		names = append(names, knownSettings(sub)...)
	}
	return names
}

// paths returns a setting that lists files: a repeated flag, a YAML list, or
// one string of the environment in the form of PATH.
func (a *app) paths(name string) []string {
	if s, ok := a.config.Get(name).(string); ok {
		return filepath.SplitList(s)
	}
	return a.config.GetStringSlice(name)
}

// version is the module's version, with the commit it was built from if the
// go command recorded one.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	v := info.Main.Version
	if v == "" || v == "(devel)" {
		v = "devel"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && v == "devel" {
			v += "+" + s.Value[:min(12, len(s.Value))]
		}
	}
	return v
}
