// Reads environments as the platforms themselves do, by their own code, for the tests of the renderers. Reads one JSON
// document on standard input and writes a map of names to values as JSON.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/compose-spec/compose-go/v2/dotenv"
	"github.com/compose-spec/compose-go/v2/loader"
	composetypes "github.com/compose-spec/compose-go/v2/types"
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	"k8s.io/kubernetes/third_party/forked/golang/expansion"
	"sigs.k8s.io/yaml"
)

type environment = map[string]string

func main() {
	readers := map[string]func([]byte) (environment, error){
		"compose": compose, "dotenv": dotEnv, "kubernetes": kubernetes, "helm": helm,
	}
	if len(os.Args) != 2 || readers[os.Args[1]] == nil {
		fail(fmt.Errorf("usage: environment-parsers compose|dotenv|kubernetes|helm"))
	}
	var input json.RawMessage
	if err := json.NewDecoder(os.Stdin).Decode(&input); err != nil {
		fail(err)
	}
	result, err := readers[os.Args[1]](input)
	if err != nil {
		fail(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(result); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// compose loads {"file": text of a compose file, "environment": what the operator has set, "service": name} and gives the
// environment of the service, as docker compose would start it.
func compose(input []byte) (environment, error) {
	var given struct {
		File        string      `json:"file"`
		Environment environment `json:"environment"`
		Service     string      `json:"service"`
	}
	if err := json.Unmarshal(input, &given); err != nil {
		return nil, err
	}
	project, err := loader.LoadWithContext(context.Background(), composetypes.ConfigDetails{
		ConfigFiles: []composetypes.ConfigFile{{Filename: "compose.yaml", Content: []byte(given.File)}},
		Environment: given.Environment,
	}, func(options *loader.Options) { options.SetProjectName("test", true) })
	if err != nil {
		return nil, err
	}
	service, err := project.GetService(given.Service)
	if err != nil {
		return nil, err
	}
	result := environment{}
	for name, value := range service.Environment {
		if value == nil {
			return nil, fmt.Errorf("%s has no value", name)
		}
		result[name] = *value
	}
	return result, nil
}

// dotEnv reads {"file": text of a .env file, "environment": what the operator has set} as docker compose does before it
// loads the compose file.
func dotEnv(input []byte) (environment, error) {
	var given struct {
		File        string      `json:"file"`
		Environment environment `json:"environment"`
	}
	if err := json.Unmarshal(input, &given); err != nil {
		return nil, err
	}
	return dotenv.ParseWithLookup(strings.NewReader(given.File), func(name string) (string, bool) {
		value, ok := given.Environment[name]
		return value, ok
	})
}

type entry struct {
	Name      string  `json:"name"`
	Value     *string `json:"value"`
	ValueFrom *struct {
		SecretKeyRef *struct {
			Name string `json:"name"`
			Key  string `json:"key"`
		} `json:"secretKeyRef"`
	} `json:"valueFrom"`
}

// expand gives what the kubelet starts a container with: values with $(NAME) replaced, secrets by "name/key".
func expand(entries []entry, secrets environment) (environment, error) {
	result := environment{}
	mapping := expansion.MappingFuncFor(result)
	for _, entry := range entries {
		switch {
		case entry.ValueFrom != nil && entry.Value != nil:
			return nil, fmt.Errorf("%s has both value and valueFrom", entry.Name)
		case entry.ValueFrom != nil && entry.ValueFrom.SecretKeyRef != nil:
			result[entry.Name] = secrets[entry.ValueFrom.SecretKeyRef.Name+"/"+entry.ValueFrom.SecretKeyRef.Key]
		case entry.Value != nil:
			result[entry.Name] = expansion.Expand(*entry.Value, mapping)
		default:
			return nil, fmt.Errorf("%s has neither value nor valueFrom", entry.Name)
		}
	}
	return result, nil
}

// kubernetes reads {"env": the list of a container, as YAML or JSON text, "secrets": {"name/key": text}}.
func kubernetes(input []byte) (environment, error) {
	var given struct {
		Env     string      `json:"env"`
		Secrets environment `json:"secrets"`
	}
	if err := json.Unmarshal(input, &given); err != nil {
		return nil, err
	}
	var entries []entry
	if err := yaml.UnmarshalStrict([]byte(given.Env), &entries); err != nil {
		return nil, err
	}
	return expand(entries, given.Secrets)
}

// helm renders {"template": a template of a container's env list, "values": values file as text, "secrets": as above}.
func helm(input []byte) (environment, error) {
	var given struct {
		Template string      `json:"template"`
		Values   string      `json:"values"`
		Secrets  environment `json:"secrets"`
	}
	if err := json.Unmarshal(input, &given); err != nil {
		return nil, err
	}
	values, err := chartutil.ReadValues([]byte(given.Values))
	if err != nil {
		return nil, err
	}
	source := &chart.Chart{
		Metadata:  &chart.Metadata{Name: "gateway", Version: "1.0.0", APIVersion: chart.APIVersionV2},
		Templates: []*chart.File{{Name: "templates/env.yaml", Data: []byte(given.Template)}},
	}
	all, err := chartutil.ToRenderValues(source, values, chartutil.ReleaseOptions{Name: "test", Namespace: "test"}, nil)
	if err != nil {
		return nil, err
	}
	rendered, err := engine.Render(source, all)
	if err != nil {
		return nil, err
	}
	var manifest struct {
		Env []entry `json:"env"`
	}
	if err := yaml.UnmarshalStrict([]byte(rendered["gateway/templates/env.yaml"]), &manifest); err != nil {
		return nil, err
	}
	return expand(manifest.Env, given.Secrets)
}
