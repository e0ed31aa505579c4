package main

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-go/tfprotov5"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// provider answers Terraform's protocol. The state that Terraform keeps is the only one there is.
type provider struct {
	schema *providerSchema
	values *values
}

func newProvider(schema *providerSchema, values *values) *provider { return &provider{schema, values} }

func (p *provider) GetMetadata(
	context.Context, *tfprotov5.GetMetadataRequest,
) (*tfprotov5.GetMetadataResponse, error) {
	response := &tfprotov5.GetMetadataResponse{ServerCapabilities: &tfprotov5.ServerCapabilities{}}
	for _, name := range sortedKeys(p.schema.Resources) {
		response.Resources = append(response.Resources, tfprotov5.ResourceMetadata{TypeName: name})
	}
	for _, name := range sortedKeys(p.schema.DataSources) {
		response.DataSources = append(response.DataSources, tfprotov5.DataSourceMetadata{TypeName: name})
	}
	return response, nil
}

func (p *provider) GetProviderSchema(
	context.Context, *tfprotov5.GetProviderSchemaRequest,
) (*tfprotov5.GetProviderSchemaResponse, error) {
	return &tfprotov5.GetProviderSchemaResponse{
		ServerCapabilities: &tfprotov5.ServerCapabilities{},
		Provider:           &tfprotov5.Schema{Block: p.schema.Provider.protocol()},
		ResourceSchemas:    protocolSchemas(p.schema.Resources),
		DataSourceSchemas:  protocolSchemas(p.schema.DataSources),
	}, nil
}

func (p *provider) GetResourceIdentitySchemas(
	context.Context, *tfprotov5.GetResourceIdentitySchemasRequest,
) (*tfprotov5.GetResourceIdentitySchemasResponse, error) {
	return &tfprotov5.GetResourceIdentitySchemasResponse{}, nil
}

func (p *provider) PrepareProviderConfig(
	_ context.Context, request *tfprotov5.PrepareProviderConfigRequest,
) (*tfprotov5.PrepareProviderConfigResponse, error) {
	diagnostics, err := p.schema.Provider.check(request.Config)
	return &tfprotov5.PrepareProviderConfigResponse{PreparedConfig: request.Config, Diagnostics: diagnostics}, err
}

func (p *provider) ConfigureProvider(
	_ context.Context, request *tfprotov5.ConfigureProviderRequest,
) (*tfprotov5.ConfigureProviderResponse, error) {
	config, err := request.Config.Unmarshal(p.schema.Provider.objectType())
	if err != nil {
		return nil, err
	}
	p.values.configure(fieldsOf(config))
	return &tfprotov5.ConfigureProviderResponse{}, nil
}

func (p *provider) StopProvider(
	context.Context, *tfprotov5.StopProviderRequest,
) (*tfprotov5.StopProviderResponse, error) {
	return &tfprotov5.StopProviderResponse{}, nil
}

// Terraform itself has checked the rest of the schema before it asks.
func (p *provider) ValidateResourceTypeConfig(
	_ context.Context, request *tfprotov5.ValidateResourceTypeConfigRequest,
) (*tfprotov5.ValidateResourceTypeConfigResponse, error) {
	diagnostics, err := p.schema.Resources[request.TypeName].check(request.Config)
	return &tfprotov5.ValidateResourceTypeConfigResponse{Diagnostics: diagnostics}, err
}

func (p *provider) ValidateDataSourceConfig(
	_ context.Context, request *tfprotov5.ValidateDataSourceConfigRequest,
) (*tfprotov5.ValidateDataSourceConfigResponse, error) {
	diagnostics, err := p.schema.DataSources[request.TypeName].check(request.Config)
	return &tfprotov5.ValidateDataSourceConfigResponse{Diagnostics: diagnostics}, err
}

func (p *provider) UpgradeResourceState(
	_ context.Context, request *tfprotov5.UpgradeResourceStateRequest,
) (*tfprotov5.UpgradeResourceStateResponse, error) {
	stateType := p.schema.Resources[request.TypeName].objectType()
	state, err := request.RawState.Unmarshal(stateType)
	if err != nil {
		return nil, err
	}
	upgraded, err := tfprotov5.NewDynamicValue(stateType, state)
	return &tfprotov5.UpgradeResourceStateResponse{UpgradedState: &upgraded}, err
}

func (p *provider) ReadResource(
	_ context.Context, request *tfprotov5.ReadResourceRequest,
) (*tfprotov5.ReadResourceResponse, error) {
	return &tfprotov5.ReadResourceResponse{NewState: request.CurrentState, Private: request.Private}, nil
}

func (p *provider) PlanResourceChange(
	_ context.Context, request *tfprotov5.PlanResourceChangeRequest,
) (*tfprotov5.PlanResourceChangeResponse, error) {
	own := p.schema.Resources[request.TypeName]
	prior, err := request.PriorState.Unmarshal(own.objectType())
	if err != nil {
		return nil, err
	}
	proposed, err := request.ProposedNewState.Unmarshal(own.objectType())
	if err != nil {
		return nil, err
	}
	if proposed.IsNull() {
		return &tfprotov5.PlanResourceChangeResponse{PlannedState: request.ProposedNewState}, nil
	}
	proposed = own.withoutWriteOnly(proposed)
	response := &tfprotov5.PlanResourceChangeResponse{}
	planned := proposed
	switch {
	case prior.IsNull():
		planned = own.plan(proposed)
	case !prior.Equal(proposed):
		planned, err = p.planUpdate(request, own, prior, proposed)
		if err != nil {
			return nil, err
		}
		response.RequiresReplace = own.replacedBy(prior, planned)
	}
	state, err := tfprotov5.NewDynamicValue(own.objectType(), planned)
	response.PlannedState = &state
	return response, err
}

// planUpdate also leaves open what is made from an attribute that changes.
func (p *provider) planUpdate(
	request *tfprotov5.PlanResourceChangeRequest, own block, prior, proposed tftypes.Value,
) (tftypes.Value, error) {
	config, err := request.Config.Unmarshal(own.objectType())
	if err != nil {
		return tftypes.Value{}, err
	}
	before, after, written := fieldsOf(prior), fieldsOf(proposed), fieldsOf(config)
	changed := make(map[string]bool)
	for name, value := range after {
		changed[name] = !before[name].Equal(value)
	}
	for name, a := range own.Attributes {
		if a.Computed && written[name].IsNull() && p.values.dependsOn(request.TypeName, name, changed) {
			after[name] = tftypes.NewValue(a.Type.Type, tftypes.UnknownValue)
		}
	}
	return own.plan(tftypes.NewValue(proposed.Type(), after)), nil
}

func (p *provider) ApplyResourceChange(
	_ context.Context, request *tfprotov5.ApplyResourceChangeRequest,
) (*tfprotov5.ApplyResourceChangeResponse, error) {
	own := p.schema.Resources[request.TypeName]
	planned, err := request.PlannedState.Unmarshal(own.objectType())
	if err != nil {
		return nil, err
	}
	if planned.IsNull() {
		return &tfprotov5.ApplyResourceChangeResponse{NewState: request.PlannedState}, nil
	}
	made, err := p.values.fill(request.TypeName, own, planned)
	if err != nil {
		return nil, err
	}
	state, err := tfprotov5.NewDynamicValue(own.objectType(), made)
	return &tfprotov5.ApplyResourceChangeResponse{NewState: &state, Private: request.PlannedPrivate}, err
}

func (p *provider) ReadDataSource(
	_ context.Context, request *tfprotov5.ReadDataSourceRequest,
) (*tfprotov5.ReadDataSourceResponse, error) {
	own := p.schema.DataSources[request.TypeName]
	config, err := request.Config.Unmarshal(own.objectType())
	if err != nil {
		return nil, err
	}
	made, err := p.values.fill(request.TypeName, own, own.plan(config))
	if err != nil {
		return nil, err
	}
	state, err := tfprotov5.NewDynamicValue(own.objectType(), made)
	return &tfprotov5.ReadDataSourceResponse{State: &state}, err
}

func (p *provider) ImportResourceState(
	_ context.Context, request *tfprotov5.ImportResourceStateRequest,
) (*tfprotov5.ImportResourceStateResponse, error) {
	return &tfprotov5.ImportResourceStateResponse{Diagnostics: refused("import " + request.TypeName)}, nil
}

func (p *provider) MoveResourceState(
	_ context.Context, request *tfprotov5.MoveResourceStateRequest,
) (*tfprotov5.MoveResourceStateResponse, error) {
	return &tfprotov5.MoveResourceStateResponse{
		Diagnostics: refused(fmt.Sprintf("move %s to %s", request.SourceTypeName, request.TargetTypeName)),
	}, nil
}

func (p *provider) UpgradeResourceIdentity(
	context.Context, *tfprotov5.UpgradeResourceIdentityRequest,
) (*tfprotov5.UpgradeResourceIdentityResponse, error) {
	return &tfprotov5.UpgradeResourceIdentityResponse{Diagnostics: refused("upgrade an identity")}, nil
}

func (p *provider) GenerateResourceConfig(
	context.Context, *tfprotov5.GenerateResourceConfigRequest,
) (*tfprotov5.GenerateResourceConfigResponse, error) {
	return &tfprotov5.GenerateResourceConfigResponse{Diagnostics: refused("generate configuration")}, nil
}

func (p *provider) GetFunctions(
	context.Context, *tfprotov5.GetFunctionsRequest,
) (*tfprotov5.GetFunctionsResponse, error) {
	return &tfprotov5.GetFunctionsResponse{}, nil
}

func (p *provider) CallFunction(
	_ context.Context, request *tfprotov5.CallFunctionRequest,
) (*tfprotov5.CallFunctionResponse, error) {
	return &tfprotov5.CallFunctionResponse{
		Error: &tfprotov5.FunctionError{Text: "The stand-in has no function " + request.Name + "."},
	}, nil
}

func (p *provider) ValidateEphemeralResourceConfig(
	context.Context, *tfprotov5.ValidateEphemeralResourceConfigRequest,
) (*tfprotov5.ValidateEphemeralResourceConfigResponse, error) {
	return &tfprotov5.ValidateEphemeralResourceConfigResponse{}, nil
}

func (p *provider) OpenEphemeralResource(
	_ context.Context, request *tfprotov5.OpenEphemeralResourceRequest,
) (*tfprotov5.OpenEphemeralResourceResponse, error) {
	return &tfprotov5.OpenEphemeralResourceResponse{Diagnostics: refused("open " + request.TypeName)}, nil
}

func (p *provider) RenewEphemeralResource(
	_ context.Context, request *tfprotov5.RenewEphemeralResourceRequest,
) (*tfprotov5.RenewEphemeralResourceResponse, error) {
	return &tfprotov5.RenewEphemeralResourceResponse{Diagnostics: refused("renew " + request.TypeName)}, nil
}

func (p *provider) CloseEphemeralResource(
	_ context.Context, request *tfprotov5.CloseEphemeralResourceRequest,
) (*tfprotov5.CloseEphemeralResourceResponse, error) {
	return &tfprotov5.CloseEphemeralResourceResponse{Diagnostics: refused("close " + request.TypeName)}, nil
}

func refused(what string) []*tfprotov5.Diagnostic {
	return []*tfprotov5.Diagnostic{{
		Severity: tfprotov5.DiagnosticSeverityError,
		Summary:  "Not in the stand-in",
		Detail:   "The stand-in of the tests cannot " + what + ".",
	}}
}
