targetScope = 'subscription'

param location string
param chatGptModelName string = ''
param chatGptDeploymentCapacity int = 0
var chatGpt = {
  modelName: !empty(chatGptModelName) ? chatGptModelName : 'gpt-5.4-mini'
  deploymentCapacity: chatGptDeploymentCapacity != 0 ? chatGptDeploymentCapacity : 30
}
param embeddingModelName string = ''
var embedding = {
  modelName: !empty(embeddingModelName) ? embeddingModelName : 'text-embedding-3-large'
  deploymentSkuName: embeddingModelName == 'text-embedding-ada-002' ? 'Standard' : 'GlobalStandard'
}
@allowed(['Consumption', 'D4', 'NC24-A100', 'NC48-A100'])
param azureContainerAppsWorkloadProfile string
